// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tests/soak/board.hpp"
#include "tests/soak/crew.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/region_plan.hpp"

namespace tenure::soak {

/// One round: buffers, processes that borrow and freeze parts of them, faults, and at the end the
/// proof that nothing is left over. Threads: one.
class RegionRound {
 public:
  RegionRound(SharedBoard& board, Venue venue, RegionPlan plan, Random random);

  /// Runs until its time is over, there were `most_handovers` (0: any number), or the soak is
  /// interrupted.
  void run(Clock::time_point latest_end, std::uint64_t most_handovers);
  [[nodiscard]] std::uint64_t operations() const;
  /// Those that borrowed, froze, transferred or released.
  [[nodiscard]] std::uint64_t handovers() const;

 private:
  void look_at_processes();
  void restart_later(std::uint32_t worker, const End& end);
  void make_faults();
  void expect_all_go_on();
  void check_left_over();
  void check_tokens(std::uint32_t buffer);
  void sweep();
  void remove(std::uint32_t buffer);
  void violation(const std::string& what) { violate(*board_, nullptr, what); }

  SharedBoard& board_;
  Venue venue_;
  RegionPlan plan_;
  Random random_;
  Crew crew_;
  RegionFault fault_;
  Clock::time_point next_fault_{};
  std::uint64_t faults_ = 0;
};

}  // namespace tenure::soak
