// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/soak/board.hpp"
#include "tests/soak/worker_process.hpp"

namespace tenure::soak {

/// The processes of a round. What it reports is called with the worker's index. Threads: one.
class Crew {
 public:
  using OnEnd = std::function<void(std::uint32_t, const End&)>;
  using OnFault = std::function<void(std::uint32_t, const std::string&)>;

  Crew(const std::string& socket, const SharedBoard& board, std::size_t count, std::string mask);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(processes_.size());
  }
  [[nodiscard]] WorkerProcess& operator[](std::uint32_t worker) { return processes_[worker]; }

  void start_all();
  void start_later(std::uint32_t worker, std::chrono::milliseconds delay);
  /// Looks at all: tells ends, starts those whose time has come.
  void look(const OnEnd& on_end);
  /// Everybody is told to end, and has to within half a minute; then they are killed.
  void end_in_order(SharedBoard& board, const OnFault& on_fault);
  /// Returns when all are dead.
  void kill_all();

 private:
  std::string mask_;
  std::vector<WorkerProcess> processes_;
  std::array<Clock::time_point, kMaxWorkers> start_at_{};
};

}  // namespace tenure::soak
