// SPDX-License-Identifier: Apache-2.0
/// A program that runs as a child of this one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/os/unique_fd.hpp"

namespace examples {

/// What to run, and where its output goes.
struct Launch {
  std::filesystem::path program;
  std::vector<std::string> arguments = {};
  int standard_output = -1;  ///< -1: that of this process.
  int standard_error = -1;
};

/// How a process ended.
struct Ending {
  int exit_code = -1;  ///< -1: a signal ended it.
  int signal = 0;

  /// "exit code 1", "signal 9".
  [[nodiscard]] std::string text() const;
};

/// A running child; it is killed with this process, and when destroyed. Threads: one at a time.
class ChildProcess {
 public:
  /// Throws std::system_error where the program cannot be started.
  static ChildProcess start(const Launch& launch);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running() const noexcept { return !ending_.has_value(); }

  /// Sends `signal` unless it has ended.
  void send(int signal) noexcept;
  /// How it ended; waits for that, and gives up after `timeout`.
  std::optional<Ending> wait(std::chrono::milliseconds timeout);

 private:
  ChildProcess(pid_t pid, tenure::os::UniqueFd pidfd) noexcept;

  pid_t pid_ = -1;  // -1: moved from.
  tenure::os::UniqueFd pidfd_;
  std::optional<Ending> ending_;
};

}  // namespace examples
