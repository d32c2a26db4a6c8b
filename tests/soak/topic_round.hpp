// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/soak/board.hpp"
#include "tests/soak/crew.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/topic_plan.hpp"

namespace tenure::soak {

/// One round: topics, processes that use them, faults, and at the end the proof that nothing is
/// left over. Threads: one.
class TopicRound {
 public:
  TopicRound(SharedBoard& board, Venue venue, TopicPlan plan, Random random);

  /// Runs until its time is over or the soak is interrupted; returns the operations.
  std::uint64_t run(Clock::time_point latest_end);

 private:
  bool create_topics();
  void look_at_processes();
  void restart_later(std::uint32_t worker, const End& end);
  void make_faults();
  void apply(const Fault& fault);
  void expect_all_go_on();
  [[nodiscard]] std::vector<std::string> find_stuck() const;
  void check_left_over();
  void check_topic(std::uint32_t topic);
  void refill(std::uint32_t topic);
  [[nodiscard]] std::string describe_worker(std::uint32_t worker) const;
  [[nodiscard]] std::string describe_topic(std::uint32_t topic) const;
  void violation(const std::string& what) { violate(*board_, nullptr, what); }

  SharedBoard& board_;
  Venue venue_;
  TopicPlan plan_;
  Random random_;
  Crew crew_;
  std::array<std::uint64_t, kMaxTopics> published_{};  // Before everybody had to go on.
  std::array<std::uint64_t, kMaxWorkers> done_{};
  Fault fault_;
  Clock::time_point next_fault_{};
  std::uint64_t faults_ = 0;
};

}  // namespace tenure::soak
