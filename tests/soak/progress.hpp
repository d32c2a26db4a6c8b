// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/soak/board.hpp"
#include "tests/soak/crew.hpp"

namespace tenure::soak {

/// The end of the faults: nobody is stopped any more, and each worker has to do something within
/// half a minute. Threads: one.
class Progress {
 public:
  Progress(const Board& board, Crew& crew) : board_(board), crew_(crew) {}

  /// Lets all go on and waits; looks at the processes by `look` meanwhile. Who is stuck; nobody
  /// where the soak is interrupted.
  [[nodiscard]] std::vector<std::uint32_t> wait(const std::function<void()>& look);

 private:
  [[nodiscard]] std::vector<std::uint32_t> find_stuck() const;

  const Board& board_;
  Crew& crew_;
  std::array<std::uint64_t, kMaxWorkers> done_{};  // Before everybody had to go on.
};

}  // namespace tenure::soak
