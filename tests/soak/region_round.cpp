// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_round.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/progress.hpp"

namespace tenure::soak {
namespace {

constexpr int kLookMs = 2;

}  // namespace

RegionRound::RegionRound(SharedBoard& board, Venue venue, RegionPlan plan, Random random)
    : board_(board),
      venue_(std::move(venue)),
      plan_(std::move(plan)),
      random_(random),
      crew_(venue_.socket, board, plan_.workers.size(), venue_.mask) {
  RegionBoard& regions = board_->regions;
  std::ranges::copy(plan_.buffers, regions.buffers.begin());
  regions.buffer_count = static_cast<std::uint32_t>(plan_.buffers.size());
  regions.worker_count = crew_.size();
  regions.is_lent_by_broker = plan_.is_lent_by_broker;
  regions.has_many_uids = plan_.has_many_uids;
  for (std::size_t worker = 0; worker < plan_.workers.size(); ++worker) {
    board_->workers.at(worker).spec = plan_.workers[worker];
  }
}

void RegionRound::run(Clock::time_point latest_end, std::uint64_t most_handovers) {
  crew_.start_all();
  fault_ = plan_region_fault(random_, crew_.size());
  next_fault_ = Clock::now() + fault_.after;
  const auto end = std::min(Clock::now() + plan_.length, latest_end);
  while (Clock::now() < end && !is_interrupted() &&
         (most_handovers == 0 || handovers() < most_handovers)) {
    look_at_processes();
    make_faults();
    ::poll(nullptr, 0, kLookMs);
  }
  expect_all_go_on();
  if (is_interrupted()) {
    board_->is_interrupted = true;
  }
  if (plan_.ends_by_kill || is_interrupted()) {
    crew_.kill_all();
  } else {
    crew_.end_in_order(board_, [&](std::uint32_t worker, const std::string& fault) {
      violation("worker " + std::to_string(worker) + " " + fault);
    });
  }
  check_left_over();
}

std::uint64_t RegionRound::operations() const {
  std::uint64_t sum = faults_;
  for (const WorkerBoard& worker : board_->workers) {
    sum += worker.operations;
  }
  return sum;
}

std::uint64_t RegionRound::handovers() const {
  std::uint64_t sum = 0;
  for (const WorkerBoard& worker : board_->workers) {
    sum += worker.handovers;
  }
  return sum;
}

void RegionRound::look_at_processes() {
  crew_.look([&](std::uint32_t worker, const End& end) { restart_later(worker, end); });
}

// What was killed comes back as another process with another life before it.
void RegionRound::restart_later(std::uint32_t worker, const End& end) {
  if (!end.is_killed) {
    violation("worker " + std::to_string(worker) + " ended before the round: " + end.how);
  }
  board_->workers.at(worker).spec.seed = random_.next();
  crew_.start_later(worker, std::chrono::milliseconds(random_.below(30)));
}

void RegionRound::make_faults() {
  while (Clock::now() >= next_fault_) {
    WorkerProcess& victim = crew_[fault_.victim];
    if (fault_.stop_for.count() == 0) {
      victim.kill();
    } else {
      victim.stop(fault_.stop_for);
    }
    ++faults_;
    fault_ = plan_region_fault(random_, crew_.size());
    next_fault_ += fault_.after;
  }
}

void RegionRound::expect_all_go_on() {
  Progress progress(*board_, crew_);
  for (const std::uint32_t worker : progress.wait([this] { look_at_processes(); })) {
    violation("worker " + std::to_string(worker) + " is stuck");
  }
}

}  // namespace tenure::soak
