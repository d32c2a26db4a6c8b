// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "tests/soak/board.hpp"

namespace tenure::soak {

using Clock = std::chrono::steady_clock;

/// How a process ended.
struct End {
  bool is_killed = false;    ///< By SIGKILL, ours or its own.
  std::string how = {};      ///< "exit status 1".
  bool is_in_order = false;  ///< Exit status 0.
};

/// A worker's process, from the outside. Dies with the soak. Threads: one.
class WorkerProcess {
 public:
  WorkerProcess(std::string socket, const SharedBoard& board, std::size_t index);
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) = delete;
  ~WorkerProcess();  // Killed and reaped.

  void start(const std::string& mask);
  /// Looks at it: notices stops, lets it go on when its time has come; an end is told once.
  [[nodiscard]] std::optional<End> look();
  [[nodiscard]] bool is_there() const noexcept { return pid_ != 0; }
  [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// SIGSTOP; SIGCONT follows after `duration`.
  void stop(std::chrono::milliseconds duration);
  void go_on();
  void kill();

 private:
  void count_as_dead();

  std::string socket_;
  const SharedBoard* board_;
  std::size_t index_;
  pid_t pid_ = 0;
  bool is_stopped_ = false;
  Clock::time_point go_on_at_{};
};

}  // namespace tenure::soak
