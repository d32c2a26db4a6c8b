// SPDX-License-Identifier: Apache-2.0
/// A command that the tool runs, as a shell would.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tenure/result.hpp>

namespace tenure::cli {

/// What to run.
struct Command {
  std::vector<std::string> words;                                ///< The program and its arguments.
  std::vector<std::pair<std::string, std::string>> environment;  ///< Besides this process's own.
  std::function<Result<void>()> prepare;  ///< In the child, before the program is loaded.
};

/// How it ended.
struct CommandEnd {
  int exit_status = 0;  ///< As a shell says it: 128 + the signal that killed it.
  int signal = 0;       ///< 0: it ended by itself.
};

/// Starts the command, calls `started` in this process, and waits for its end. Meanwhile SIGINT and
/// SIGQUIT are left to the command, which gets them from the terminal as well; SIGTERM and SIGHUP
/// are passed on to it. Threads: this process has one.
///
/// Errors: not_found  no such program;  denied  it may not be run;  no_memory, bad_request  others
[[nodiscard]] Result<CommandEnd> run_command(const Command& command,
                                             const std::function<void()>& started);

}  // namespace tenure::cli
