// SPDX-License-Identifier: Apache-2.0
/// JSON text into a tree, bounded while it is read.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

#include <tenure/result.hpp>

#include "proto/wire/limits.hpp"

namespace tenure::wire {

/// What a text may cost us.
struct JsonLimits {
  std::string_view what;  ///< How errors call the text.
  std::size_t bytes;
  std::size_t values;  ///< Objects, arrays and scalars together.
};
inline constexpr JsonLimits kPacketLimits{
    .what = "packet", .bytes = kMaxPacketBytes, .values = kMaxPacketBytes};
/// An entry has at most 12 values that mean something; the rest is for fields of later versions.
inline constexpr JsonLimits kSchemaLimits{
    .what = "schema", .bytes = kMaxSchemaBytes, .values = kMaxSchemaTensors * 24};

inline constexpr JsonLimits kLayoutLimits{
    .what = "layout", .bytes = kMaxLayoutBytes, .values = kMaxLayoutBytes};

/// Of two members with one name the last counts. Nesting is at most kMaxNesting.
///
/// Errors: bad_request  not JSON in UTF-8, or beyond a limit
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits);

}  // namespace tenure::wire
