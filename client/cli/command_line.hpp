// SPDX-License-Identifier: Apache-2.0
/// What the user wrote, as options of a verb. The only part that knows CLI11.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

/// A verb, and how it is to run.
struct CommandLine {
  CommonOptions common;
  std::string verb_name;
  VerbOptions verb;
};

/// Text that was asked for instead of a verb: --help, --version.
struct Answer {
  std::string text;
};

/// The arguments cannot be understood.
struct Misuse {
  std::string verb_name;  ///< "tenure" where there is none.
  std::string message;
  std::string hint;
  bool wants_json = false;
};

/// Whether errors are to be told as JSON, too; for where the line is not understood. What stands
/// behind "--" is somebody else's.
[[nodiscard]] bool asks_for_json(std::span<const std::string> arguments);

/// `arguments` without the program's name. Nothing is printed, nothing is asked of a broker.
/// Throws Refusal where a name is not UTF-8.
[[nodiscard]] std::variant<CommandLine, Answer, Misuse> parse_command_line(
    std::span<const std::string> arguments);

}  // namespace tenure::cli
