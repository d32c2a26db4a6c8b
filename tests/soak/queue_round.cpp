// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_round.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/progress.hpp"
#include "tests/soak/queue_stamp.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr int kLookMs = 2;
constexpr auto kStuck = 30s;

}  // namespace

QueueRound::QueueRound(
    SharedBoard& board, const SharedMemory& ledger, Venue venue, QueuePlan plan, Random random)
    : board_(board),
      ledger_(*static_cast<const LedgerOfQueue*>(ledger.data())),
      venue_(std::move(venue)),
      plan_(std::move(plan)),
      random_(random),
      crew_(venue_.socket, board, plan_.workers.size(), venue_.mask),
      name_(queue_name(board->round)) {
  board_->queue.spec = plan_.spec;
  board_->queue.ledger_fd = ledger.fd();
  board_->queue.has_faults = plan_.has_faults;
  board_->queue.is_quiet = plan_.is_quiet;
  board_->queue.ends_by_finish = plan_.ends == QueuePlan::Ends::finished;
  for (std::size_t worker = 0; worker < plan_.workers.size(); ++worker) {
    board_->workers.at(worker).spec = plan_.workers[worker];
  }
}

void QueueRound::run(Clock::time_point latest_end) {
  if (auto created = venue_.client.create_queue(name_, queue_options(plan_.spec)); !created) {
    violation("create: " + created.error().message());
    return;
  }
  crew_.start_all();
  run_until(std::min(Clock::now() + plan_.length, latest_end));
  end_own_faults();
  expect_all_go_on();
  if (is_interrupted()) {
    board_->is_interrupted = true;
    crew_.kill_all();
  } else {
    end();
  }
  check_left_over();
}

void QueueRound::run_until(Clock::time_point end) {
  fault_ = plan_queue_fault(random_, crew_.size());
  auto before = Clock::now();
  next_fault_ = before + fault_.after;
  while (Clock::now() < end && !is_interrupted() &&
         (plan_.most_items == 0 || items() < plan_.most_items)) {
    look_at_processes();
    make_faults();
    ::poll(nullptr, 0, kLookMs);
    const auto after = Clock::now();
    board_->queue.host_delay_ns += (after - before - std::chrono::milliseconds(kLookMs)).count();
    before = after;
  }
}

std::uint64_t QueueRound::operations() const {
  std::uint64_t sum = faults_;
  for (const WorkerBoard& worker : board_->workers) {
    sum += worker.operations;
  }
  return sum;
}

std::uint64_t QueueRound::items() const {
  std::uint64_t sum = 0;
  for (const WorkerBoard& worker : board_->workers) {
    sum += worker.handovers;
  }
  return sum;
}

void QueueRound::look_at_processes() {
  crew_.look([&](std::uint32_t worker, const End& end) { restart_later(worker, end); });
}

// What was killed comes back as another process with another life before it.
void QueueRound::restart_later(std::uint32_t worker, const End& end) {
  if (!end.is_killed) {
    violation("worker " + std::to_string(worker) + " ended before the round: " + end.how);
  }
  ++kills_;
  board_->workers.at(worker).spec.seed = random_.next();
  crew_.start_later(worker, std::chrono::milliseconds(random_.below(10)));
}

void QueueRound::make_faults() {
  while (plan_.has_faults && Clock::now() >= next_fault_) {
    crew_[fault_.killed].kill();
    ++faults_;
    if (fault_.stop_for.count() != 0) {
      crew_[fault_.stopped].stop(fault_.stop_for);
      ++faults_;
    }
    fault_ = plan_queue_fault(random_, crew_.size());
    next_fault_ += fault_.after;
  }
}

// From here on nobody kills or stops itself.
void QueueRound::end_own_faults() {
  for (WorkerBoard& worker : board_->workers) {
    worker.spec.fatal_step = 0;
    worker.spec.stop_step = 0;
  }
}

// Each process does something, and each lane is emptied. With few slots some hardly ever get one;
// and there may be nothing parked.
void QueueRound::expect_all_go_on() {
  const std::vector<std::uint64_t> before = items_by_lane();
  Progress progress(*board_, crew_);
  for (const std::uint32_t worker : progress.wait([this] { look_at_processes(); })) {
    violation("worker " + std::to_string(worker) + ", " +
              name_of(board_->workers.at(worker).spec.role) + ", is stuck");
  }
  const bool go_on = support::eventually(
      [&] {
        look_at_processes();
        return is_interrupted() || std::ranges::equal(before, items_by_lane(), std::less());
      },
      kStuck);
  if (!go_on) {
    violation("a lane is stuck: " + describe(look_at_queue()));
  }
}

std::vector<std::uint64_t> QueueRound::items_by_lane() const {
  std::vector<std::uint64_t> sums(plan_.spec.lanes);
  for (const WorkerBoard& worker : board_->workers) {
    if (worker.spec.role == Role::queue_consumer && worker.spec.lane < sums.size()) {
      sums[worker.spec.lane] += worker.handovers;
    }
  }
  return sums;
}

SegmentInfo QueueRound::look_at_queue() {
  auto info = venue_.client.inspect(name_);
  if (!info) {
    violation("inspect: " + info.error().message());
    return {};
  }
  return *std::move(info);
}

}  // namespace tenure::soak
