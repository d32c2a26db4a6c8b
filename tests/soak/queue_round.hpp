// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/soak/board.hpp"
#include "tests/soak/crew.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/queue_ledger.hpp"
#include "tests/soak/queue_plan.hpp"

namespace tenure::soak {

/// One round: a queue, processes that fill and empty it, faults, and at the end the proof that each
/// bundle was acknowledged once and that nothing is left over. Threads: one.
class QueueRound {
 public:
  /// The ledger is empty.
  QueueRound(
      SharedBoard& board, const SharedMemory& ledger, Venue venue, QueuePlan plan, Random random);

  /// Runs until its time is over, enough was acknowledged, or the soak is interrupted.
  void run(Clock::time_point latest_end);
  [[nodiscard]] std::uint64_t operations() const;
  /// Bundles that were delivered and acknowledged.
  [[nodiscard]] std::uint64_t items() const;
  [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }

 private:
  void run_until(Clock::time_point end);
  void look_at_processes();
  void restart_later(std::uint32_t worker, const End& end);
  void make_faults();
  void end_own_faults();
  void expect_all_go_on();
  [[nodiscard]] std::vector<std::uint64_t> items_by_lane() const;
  void end();
  void drain();
  [[nodiscard]] bool is_drained();
  void check_left_over();
  [[nodiscard]] SegmentInfo look_at_queue();
  void check_nobody_is_there();
  void check_all_is_free();
  void check_ledger();
  void violation(const std::string& what) { violate(*board_, nullptr, what); }

  SharedBoard& board_;
  const LedgerOfQueue& ledger_;
  Venue venue_;
  QueuePlan plan_;
  Random random_;
  Crew crew_;
  std::string name_;
  QueueFault fault_;
  Clock::time_point next_fault_{};
  std::uint64_t faults_ = 0;
  std::uint64_t kills_ = 0;  // Of processes, by us and by themselves.
};

[[nodiscard]] std::string describe(const SegmentInfo& info);

}  // namespace tenure::soak
