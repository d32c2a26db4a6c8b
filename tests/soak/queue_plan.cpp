// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_plan.hpp"

#include <algorithm>
#include <array>

#include "tests/soak/topic_plan.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kProducers = 4;
constexpr std::uint32_t kConsumers = 4;
constexpr std::uint32_t kOfTheParked = 2;
constexpr std::uint64_t kItemsOfARound = 4'000'000;

bool has_faults(QueueRun run) {
  return run != QueueRun::calm;
}

QueueSpec plan_spec(Random& random, QueueRun run, std::uint64_t index) {
  constexpr std::array<std::uint32_t, 4> kLarge{64, 4096, 1024, 256};
  constexpr std::array<std::uint32_t, 5> kSlots{1, 2, 3, 64, 4096};
  constexpr std::array<std::uint32_t, 6> kParking{64, 4, 8, 4096, 3, 1};
  QueueSpec spec;
  switch (run) {
    case QueueRun::calm:
      // Flat out and hardly ever asleep, or hardly ever awake.
      spec.slots = index % 2 == 0 ? kLarge.at(index / 2 % kLarge.size())
                                  : kSlots.at(index / 2 % kSlots.size());
      break;
    case QueueRun::deadly:
      spec.slots = kSlots.at(index % kSlots.size());
      spec.consume = random.one_in(2) ? Consume::repeatable : Consume::read;
      break;
    case QueueRun::parking:
      spec.slots = kParking.at(index % kParking.size());
      spec.max_deliveries = 3;
      spec.consume = static_cast<Consume>(random.below(3));
      break;
  }
  spec.lanes = random.one_in(2) ? 2 : 1;
  spec.words = random.one_in(4) && spec.slots < 1000 ? 512 : 8;
  return spec;
}

WorkerSpec plan_worker(Random& random, Role role, std::uint32_t lane) {
  WorkerSpec spec{.role = role, .lane = lane};
  spec.wait_by = static_cast<WaitBy>(random.below(3));
  spec.pace = static_cast<Pace>(random.below(3));
  spec.seed = random.next();
  return spec;
}

void add_steps(Random& random, WorkerSpec& spec, bool may_die) {
  spec.has_steps = random.one_in(2);
  if (spec.has_steps) {
    spec.yield_one_in = static_cast<std::uint32_t>(std::uint64_t{16} << random.below(7));
  }
  if (spec.has_steps && may_die) {
    plan_own_faults(random, spec);
  }
}

void plan_workers(Random& random, QueuePlan& plan, QueueRun run) {
  for (std::uint32_t i = 0; i < kProducers; ++i) {
    // One of four pushes to the last lane.
    const std::uint32_t lane = i == 3 ? plan.spec.lanes - 1 : 0;
    plan.workers.push_back(plan_worker(random, Role::queue_producer, lane));
  }
  for (std::uint32_t i = 0; i < kConsumers; ++i) {
    plan.workers.push_back(plan_worker(random, Role::queue_consumer, i % plan.spec.lanes));
  }
  for (std::uint32_t i = 0; run == QueueRun::parking && i < kOfTheParked; ++i) {
    plan.workers.push_back(plan_worker(random, Role::queue_consumer, kParkedLane));
  }
}

}  // namespace

const char* name_of(QueueRun run) noexcept {
  constexpr std::array kNames{"calm", "deadly", "parking"};
  return kNames.at(static_cast<std::size_t>(run));
}

QueuePlan plan_queue(std::uint64_t seed, QueueRun run, std::uint32_t index) {
  const std::uint64_t first =
      Random(Random(seed).next() ^ (5 + static_cast<std::uint64_t>(run))).next();
  Random random(first + index);
  QueuePlan plan;
  // Short runs begin with another number of slots each time.
  plan.spec = plan_spec(random, run, index + (has_faults(run) ? first % 64 : 0));
  plan_workers(random, plan, run);
  const bool is_flat_out = run == QueueRun::calm && index % 2 == 0;
  plan.is_quiet = run == QueueRun::calm && !is_flat_out;
  plan.has_faults = has_faults(run);
  for (WorkerSpec& worker : plan.workers) {
    if (is_flat_out) {
      worker.pace = Pace::flat_out;
    } else {
      add_steps(random, worker, plan.has_faults);
    }
    if (plan.is_quiet) {
      worker.wait_by = index % 4 == 1 ? WaitBy::sleep : worker.wait_by;
      worker.pace = Pace::paced;
    }
  }
  plan.length = is_flat_out ? 20s : plan.is_quiet ? 4s : 12s;
  plan.most_items = is_flat_out ? kItemsOfARound : 0;
  plan.ends = static_cast<QueuePlan::Ends>(random.below(plan.has_faults ? 3 : 2));
  return plan;
}

QueueFault plan_queue_fault(Random& random, std::uint32_t worker_count) {
  QueueFault fault{.after = 50ms,
                   .killed = static_cast<std::uint32_t>(random.below(worker_count)),
                   .stopped = static_cast<std::uint32_t>(random.below(worker_count))};
  if (random.one_in(3)) {
    fault.stop_for = std::chrono::milliseconds(random.between(5, 300));
  }
  return fault;
}

}  // namespace tenure::soak
