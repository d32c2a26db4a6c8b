// SPDX-License-Identifier: Apache-2.0
/// What a broker says to a packet that is no request.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"

namespace tenure::wire {

inline BadRequest must_refuse(std::string_view packet) {
  const auto decoded = decode_request(packet);
  if (std::holds_alternative<Request>(decoded)) {
    ADD_FAILURE() << "accepted: " << packet.substr(0, 200);
    return {};
  }
  return std::get<BadRequest>(decoded);
}

/// A request of that operation with `fields` after it can be read but not executed.
inline void expect_field_refused(const std::string& op,
                                 const std::string& fields,
                                 std::string_view detail) {
  const std::string packet = R"({"id":7,"op":")" + op + R"(",)" + fields + "}";
  const BadRequest bad = must_refuse(packet);
  EXPECT_FALSE(bad.fatal) << packet;
  EXPECT_EQ(bad.id, 7U) << packet;
  EXPECT_EQ(bad.error.code, Errc::bad_request) << packet;
  EXPECT_EQ(bad.error.detail, detail) << packet;
}

}  // namespace tenure::wire
