// SPDX-License-Identifier: Apache-2.0
/// Command lines and what they are understood as.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "client/cli/command_line.hpp"

namespace tenure::cli {

inline std::variant<CommandLine, Answer, Misuse> parse(const std::vector<std::string>& arguments) {
  return parse_command_line(arguments);
}

template <class Options>
Options options_of(const std::vector<std::string>& arguments) {
  auto parsed = parse(arguments);
  if (auto* misuse = std::get_if<Misuse>(&parsed)) {
    ADD_FAILURE() << misuse->message;
    return {};
  }
  return std::get<Options>(std::get<CommandLine>(parsed).verb);
}

/// What is wrong with them; "accepted" where nothing is.
inline std::string misuse_of(const std::vector<std::string>& arguments) {
  auto parsed = parse(arguments);
  const auto* misuse = std::get_if<Misuse>(&parsed);
  return misuse == nullptr ? "accepted" : misuse->message;
}

inline CommonOptions common_of(const std::vector<std::string>& arguments) {
  return std::get<CommandLine>(parse(arguments)).common;
}

}  // namespace tenure::cli
