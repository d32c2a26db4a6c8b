// SPDX-License-Identifier: Apache-2.0
// The end of a round: each bundle was acknowledged once, and nothing is left over.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/queue_round.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kToDrain = 30s;

std::string describe(const QueueAudit& sums) {
  return std::to_string(sums.pushed) + " pushed (" + std::to_string(sums.uncertain_pushes) +
         " others perhaps), " + std::to_string(sums.acked) + " acknowledged (" +
         std::to_string(sums.uncertain_acks) + " others perhaps), " + std::to_string(sums.gone) +
         " gone";
}

}  // namespace

std::string describe(const SegmentInfo& info) {
  std::string text = std::to_string(info.users) + " users, " + std::to_string(info.slots_held) +
                     " slots held, " + std::to_string(info.parked) + " parked";
  for (const Lane& lane : info.lanes) {
    text += "; a lane: " + std::to_string(lane.depth) + " wait, " + std::to_string(lane.again) +
            " of them again, " + std::to_string(lane.taken) + " taken, " +
            std::to_string(lane.sleepers) + " sleepers, " + std::to_string(lane.pollers) +
            " pollers";
  }
  for (const Participant& one : info.participants) {
    if (one.filling + one.taken != 0) {
      text += "; pid " + std::to_string(one.peer.pid) + " holds " +
              std::to_string(one.filling + one.taken);
    }
  }
  return text;
}

void QueueRound::end() {
  const auto on_fault = [this](std::uint32_t worker, const std::string& fault) {
    violation("worker " + std::to_string(worker) + " " + fault + "; " + describe(look_at_queue()));
  };
  switch (plan_.ends) {
    case QueuePlan::Ends::finished:
      return crew_.end_in_order(board_, on_fault);
    case QueuePlan::Ends::drained:
      return drain();
    case QueuePlan::Ends::killed:
      return crew_.kill_all();
  }
}

// Producers leave; consumers go on until there is nothing, and are killed in their sleep.
void QueueRound::drain() {
  board_->stop = true;
  const auto deadline = Clock::now() + kToDrain;
  while (!is_drained() && Clock::now() < deadline && !is_interrupted()) {
    crew_.look([this](std::uint32_t worker, const End& end) {
      if (!end.is_in_order) {
        violation("worker " + std::to_string(worker) + " ended with " + end.how);
      }
    });
    ::poll(nullptr, 0, 1);
  }
  if (!is_drained() && !is_interrupted()) {
    violation("it is not drained: " + describe(look_at_queue()));
  }
  crew_.kill_all();
}

bool QueueRound::is_drained() {
  for (std::uint32_t worker = 0; worker < kMaxQueueProducers; ++worker) {
    if (crew_[worker].is_there()) {
      return false;
    }
  }
  return look_at_queue().slots_held == 0;
}

void QueueRound::check_left_over() {
  check_processes(*board_, venue_.broker);
  if (!is_interrupted()) {
    check_nobody_is_there();
    const std::string fault =
        run_last(board_, venue_, kMaxWorkers - 1, {.role = Role::queue_sweep});
    if (!fault.empty()) {
      violation("it cannot be emptied: " + fault);
    }
  }
  if (!is_interrupted()) {
    check_nobody_is_there();
    check_all_is_free();
    check_ledger();
  }
  if (auto removed = venue_.client.remove(name_); !removed) {
    violation("remove: " + removed.error().message());
  }
}

void QueueRound::check_nobody_is_there() {
  SegmentInfo info;
  const bool is_empty = support::eventually([&] {
    info = look_at_queue();
    return info.users == 0 && std::ranges::all_of(info.lanes, [](const Lane& lane) {
             return lane.taken == 0 && lane.sleepers == 0 && lane.pollers == 0;
           });
  });
  if (!is_empty) {
    violation("left over: " + describe(info));
  }
}

void QueueRound::check_all_is_free() {
  const SegmentInfo info = look_at_queue();
  const bool is_empty =
      std::ranges::all_of(info.lanes, [](const Lane& lane) { return lane.depth == 0; });
  if (!is_empty || info.slots_held != 0 || info.parked != 0 || !info.finished) {
    violation("left over after all was acknowledged: " + describe(info));
  }
}

// What may be gone is what was parked and freed. A kill between the two leaves it uncounted; what
// was freed may have been about to be acknowledged, or not known to be pushed.
void QueueRound::check_ledger() {
  const QueueAudit sums = audit(ledger_);
  const auto stat = venue_.client.stat(name_);
  if (!stat) {
    return violation("stat: " + stat.error().message());
  }
  const std::uint64_t most_gone =
      stat->discarded == 0 && plan_.spec.max_deliveries == 0 ? 0 : stat->discarded + kills_;
  const std::uint64_t most_freed = sums.gone + sums.uncertain_acks + sums.uncertain_pushes;
  const bool may_be_uncertain = plan_.has_faults;
  const bool is_uncertain = sums.uncertain_acks != 0 || sums.uncertain_pushes != 0;
  if (sums.gone > most_gone || stat->discarded > most_freed || sums.acked != items() ||
      (is_uncertain && !may_be_uncertain) || (!may_be_uncertain && stat->acked != sums.acked)) {
    violation("the ledger: " + describe(sums) + "; the queue: " + std::to_string(stat->acked) +
              " acknowledged, " + std::to_string(stat->discarded) + " freed that were parked" +
              (sums.gone == 0 ? std::string() : "; gone is " + sums.first_gone));
  }
}

}  // namespace tenure::soak
