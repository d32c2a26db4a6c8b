// SPDX-License-Identifier: Apache-2.0
// A participant dies before each store of each move; another one comes between any two accesses.
// Then nothing is lost or doubled, and every slot is free and listed once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/sync/swept_queue.hpp"

namespace tenure::test {
namespace {

constexpr std::uint16_t kFirst = 1;
constexpr std::uint16_t kSecond = 0xffff;
constexpr int kMostStores = 60;  // Of one verb or repair: fewer, but for a mistake.

/// How a queue looks when somebody is about to die in it.
struct Scene {
  layout::QueueShape shape;
  std::size_t bundles = 0;
  std::size_t parked = 0;
  std::uint64_t position = TestQueue::kLastPositions;

  [[nodiscard]] std::string name() const {
    return std::to_string(shape.slots) + " slots, " + std::to_string(bundles) + " bundles, " +
           std::to_string(parked) + " parked, from position " + std::to_string(position);
  }
};

// K = 1 to `most_slots`, from nothing to all slots in use, rings that wrap soon.
std::vector<Scene> scenes(std::uint32_t most_slots, std::uint64_t positions) {
  std::vector<Scene> scenes;
  for (std::uint32_t slots = 1; slots <= most_slots; ++slots) {
    const layout::QueueShape shape{
        .slots = slots, .lanes = 2, .max_deliveries = 2, .is_repeatable = slots == 3};
    for (std::size_t bundles = 0; bundles <= slots; ++bundles) {
      for (std::size_t parked = 0; parked <= 1 && parked <= bundles && slots > 1; ++parked) {
        for (std::uint64_t i = 0; i < positions; ++i) {
          scenes.push_back({.shape = shape,
                            .bundles = bundles,
                            .parked = parked,
                            .position = TestQueue::kLastPositions - i});
        }
      }
      scenes.push_back({.shape = shape, .bundles = bundles});
    }
  }
  return scenes;
}

// Whether it got through alive.
bool run_doomed(SweptQueue& swept, const QueueVerb& verb, std::uint16_t owner, int stores) {
  fate.stores_left = stores;
  verb.run(swept, owner);
  const bool is_through = !fate.is_dead();
  reset_fate();
  return is_through;
}

void check_counts(SweptQueue& swept) {
  for (const auto name : swept.queue().rings()) {
    const auto waiting = layout::Waiting::unpack(swept.queue().get().wait(name).waiting.peek());
    ASSERT_EQ(waiting.sleepers, 0U);
    ASSERT_EQ(waiting.pollers, 0U);
  }
}

TEST(QueueSweep, OneDies) {
  for (const Scene& scene : scenes(4, 8)) {
    for (const QueueVerb& verb : queue_verbs()) {
      for (const bool others_go_on : {false, true}) {
        for (int stores = 0;; ++stores) {
          ASSERT_LT(stores, kMostStores) << verb.name;
          SCOPED_TRACE(verb.name + " after " + std::to_string(stores) + " stores, " + scene.name());
          SweptQueue swept(scene.shape, scene.position);
          swept.prepare(scene.bundles, scene.parked);
          const bool is_through = run_doomed(swept, verb, kFirst, stores);
          if (others_go_on) {
            swept.go_on();
          }
          ASSERT_FALSE(swept.queue().repair(kFirst).is_corrupt);
          check_counts(swept);
          ASSERT_NO_FATAL_FAILURE(swept.expect_in_order());
          if (is_through) {
            break;
          }
        }
      }
    }
  }
}

// The second one may find what the first one left half-way. Repaired in either order, or at once.
TEST(QueueSweep, TwoDie) {
  for (const Scene& scene : scenes(3, 1)) {
    for (const QueueVerb& one : queue_verbs()) {
      for (const QueueVerb& two : queue_verbs()) {
        bool is_one_through = false;
        for (int first = 0; !is_one_through; ++first) {
          bool is_two_through = false;
          for (int second = 0; !is_two_through; ++second) {
            SweptQueue swept(scene.shape, scene.position);
            swept.prepare(scene.bundles, scene.parked);
            is_one_through = run_doomed(swept, one, kFirst, first);
            is_two_through = run_doomed(swept, two, kSecond, second);
            const bool is_first_first = (first + second) % 2 == 0;
            const auto half = swept.queue().repair(is_first_first ? kFirst : kSecond);
            const auto rest = swept.queue().repair(is_first_first ? kSecond : kFirst);
            ASSERT_FALSE(half.is_corrupt || rest.is_corrupt);
            ASSERT_NO_FATAL_FAILURE(swept.expect_in_order())
                << one.name << " after " << first << ", " << two.name << " after " << second << ", "
                << scene.name();
          }
        }
      }
    }
  }
}

TEST(QueueSweep, BrokerDiesWhileItRepairs) {
  for (const Scene& scene : scenes(3, 1)) {
    for (const QueueVerb& verb : queue_verbs()) {
      bool is_through = false;
      for (int stores = 0; !is_through; ++stores) {
        bool is_broker_through = false;
        for (int repairs = 0; !is_broker_through; ++repairs) {
          ASSERT_LT(repairs, kMostStores) << verb.name;
          SCOPED_TRACE(verb.name + " after " + std::to_string(stores) + ", the broker after " +
                       std::to_string(repairs) + ", " + scene.name());
          SweptQueue swept(scene.shape, scene.position);
          swept.prepare(scene.bundles, scene.parked);
          is_through = run_doomed(swept, verb, kFirst, stores);
          fate.stores_left = repairs;
          static_cast<void>(swept.queue().repair(kFirst));
          is_broker_through = !fate.is_dead();
          reset_fate();
          if (repairs % 2 == 0) {
            swept.go_on();
          }
          ASSERT_FALSE(swept.queue().repair_as_successor(kFirst).is_corrupt);
          check_counts(swept);
          ASSERT_NO_FATAL_FAILURE(swept.expect_in_order());
        }
      }
    }
  }
}

// Nobody dies: between any two accesses of one the other does all of its move.
TEST(QueueSweep, OneComesBetweenTheAccessesOfAnother) {
  for (const Scene& scene : scenes(3, 4)) {
    for (const QueueVerb& one : queue_verbs()) {
      for (const QueueVerb& two : queue_verbs()) {
        bool has_run = true;
        for (int skip = 0; has_run; ++skip) {
          SweptQueue swept(scene.shape, scene.position);
          swept.prepare(scene.bundles, scene.parked);
          interrupt(skip, [&] { two.run(swept, kSecond); });
          one.run(swept, kFirst);
          has_run = !fate.peer;
          reset_fate();
          ASSERT_NO_FATAL_FAILURE(swept.expect_nothing_lost())
              << one.name << ", before access " << skip << " " << two.name << ", " << scene.name();
          ASSERT_NO_FATAL_FAILURE(swept.expect_in_order())
              << one.name << ", before access " << skip << " " << two.name << ", " << scene.name();
        }
      }
    }
  }
}

// Between any two accesses of the broker a survivor does all of its move.
TEST(QueueSweep, OneComesBetweenTheAccessesOfTheBroker) {
  for (const Scene& scene : scenes(3, 1)) {
    for (const QueueVerb& one : queue_verbs()) {
      for (const QueueVerb& two : queue_verbs()) {
        bool is_through = false;
        for (int stores = 0; !is_through; ++stores) {
          bool has_run = true;
          for (int skip = 0; has_run; skip += 3) {
            SweptQueue swept(scene.shape, scene.position);
            swept.prepare(scene.bundles, scene.parked);
            is_through = run_doomed(swept, one, kFirst, stores);
            interrupt(skip + stores % 3, [&] { two.run(swept, kSecond); });
            const auto done = swept.queue().repair(kFirst);
            has_run = !fate.peer;
            reset_fate();
            ASSERT_FALSE(done.is_corrupt);
            ASSERT_NO_FATAL_FAILURE(swept.expect_in_order())
                << one.name << " after " << stores << ", " << two.name << " before access " << skip
                << ", " << scene.name();
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tenure::test
