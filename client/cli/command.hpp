// SPDX-License-Identifier: Apache-2.0
/// A command that the tool runs, as a shell would.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenure/result.hpp>

namespace tenure::cli {

/// What to run.
struct Command {
  std::vector<std::string> words;  ///< The program and its arguments.
  /// Besides this process's own; without a value, not even what this process has.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  std::function<Result<void>()> prepare;  ///< In the child, before the program is loaded.
};

/// How it ended.
struct CommandEnd {
  int exit_status = 0;  ///< As a shell says it: 128 + the signal that killed it.
  int signal = 0;       ///< 0: it ended by itself.
};

/// While it lives, this process may open as many file descriptors as its hard limit says: a region
/// has up to 240. Commands begin with the limit that was there before. One at a time.
class MoreDescriptors {
 public:
  MoreDescriptors() noexcept;
  ~MoreDescriptors();
  MoreDescriptors(const MoreDescriptors&) = delete;
  MoreDescriptors& operator=(const MoreDescriptors&) = delete;
  static void restore() noexcept;
};

/// Starts the command, calls `started` in this process, and waits for its end. Meanwhile SIGINT and
/// SIGQUIT are left to the command, which gets them from the terminal as well; SIGTERM and SIGHUP
/// are passed on to it. Threads: this process has one.
///
/// Errors: not_found  no such program;  denied  it may not be run;  no_memory, bad_request  others
[[nodiscard]] Result<CommandEnd> run_command(const Command& command,
                                             const std::function<void()>& started);

}  // namespace tenure::cli
