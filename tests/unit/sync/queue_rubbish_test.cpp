// SPDX-License-Identifier: Apache-2.0
// A peer may write anything anywhere: every call ends, and names no slot or lane that is not there.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "proto/sync/queue_status.hpp"
#include "tests/support/seed.hpp"
#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using sync::Outcome;
using sync::Taken;

constexpr std::uint16_t kMe = 7;

void expect_in_range(const TestQueue& queue, const Taken& taken) {
  if (taken.outcome == Outcome::done) {
    ASSERT_LT(taken.held.slot, queue.shape().slots);
    ASSERT_LT(taken.held.word.lane, queue.shape().lanes);
    ASSERT_EQ(taken.held.word.owner, kMe);
  }
}

// All verbs of a participant and the broker's, in whatever state the memory is.
void run_everything(TestQueue& queue) {
  Producer producer = queue.producer(kMe);
  Consumer consumer = queue.consumer(kMe);
  const std::size_t last = queue.shape().lanes - 1;
  const Taken draft = producer.try_claim();
  expect_in_range(queue, draft);
  if (draft.outcome == Outcome::done) {
    static_cast<void>(producer.push(draft.held, last, 1));
  }
  const Taken oldest = producer.claim_oldest(0);
  expect_in_range(queue, oldest);
  if (oldest.outcome == Outcome::done) {
    static_cast<void>(producer.cancel(oldest.held));
  }
  for (int i = 0; i < 4; ++i) {
    const Taken item = i == 3 ? consumer.pop_parked() : consumer.pop(last);
    expect_in_range(queue, item);
    if (item.outcome == Outcome::done) {
      static_cast<void>(i == 0   ? consumer.ack(item.held)
                        : i == 1 ? consumer.park(item.held)
                                 : consumer.nack(item.held));
    }
  }
  static_cast<void>(producer.could_claim());
  static_cast<void>(consumer.could_pop(last));
  consumer.wake_next(last);
  static_cast<void>(queue.repair(kMe));
  static_cast<void>(queue.repair_as_successor(3));
  static_cast<void>(sync::read_queue_status<FatedAtomics>(queue.get()));
}

TEST(QueueRubbish, EveryWordOfTheHeadEnds) {
  const std::array<std::uint64_t, 8> rubbish{0,
                                             1,
                                             ~std::uint64_t{0},
                                             std::uint64_t{1} << 63U,
                                             (std::uint64_t{1} << 63U) - 1,
                                             0xa000'0000'0000'0000,
                                             0x5b5b'5b5b'5b5b'5b5b,
                                             0xfc00'0000'ffff'ffff};
  for (const std::uint32_t slots : {1U, 3U}) {
    const layout::QueueShape shape{.slots = slots, .lanes = 2, .max_deliveries = 2};
    const std::size_t words = layout::plan_queue(shape).value().head_bytes / 8;
    for (std::size_t at = sizeof(layout::QueueConstants) / 8; at < words; ++at) {
      for (const std::uint64_t word : rubbish) {
        TestQueue queue(shape);
        push_one(queue, 3);
        std::memcpy(queue.bytes() + at * 8, &word, 8);
        run_everything(queue);
        ASSERT_FALSE(testing::Test::HasFatalFailure()) << "word " << at << ", " << word;
      }
    }
  }
}

TEST(QueueRubbish, RandomHeadsEnd) {
  const std::uint64_t seed = random_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    TestQueue queue({.slots = 1 + static_cast<std::uint32_t>(random() % 5),
                     .lanes = 1 + static_cast<std::uint32_t>(random() % 3),
                     .max_deliveries = static_cast<std::uint32_t>(random() % 3)});
    const auto words = queue.plan().head_bytes / 8;
    const auto changes = 1 + random() % 200;
    for (std::uint64_t i = 0; i < changes; ++i) {
      // Small numbers, or a bit pattern that looks like a cell or a word.
      const std::uint64_t word = random() % 2 == 0 ? random() : random() % 8 | random() << 58U;
      std::memcpy(queue.bytes() + random() % words * 8, &word, 8);
    }
    run_everything(queue);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

// A queue whose lane has a tail that a peer moves on between any two looks of others.
template <class T>
class MovingWord {
 public:
  static inline const void* moving = nullptr;
  static inline std::function<void(T)> on_look;

  T load(std::memory_order order) const noexcept {
    if (this != moving) {
      return value_.load(order);
    }
    const T value = value_.fetch_add(1, std::memory_order_relaxed) + 1;
    on_look(value);
    return value;
  }
  void store(T value, std::memory_order order) noexcept { value_.store(value, order); }
  T fetch_add(T by, std::memory_order order) noexcept { return value_.fetch_add(by, order); }
  bool compare_exchange_strong(T& expected,
                               T desired,
                               std::memory_order success,
                               std::memory_order failure) noexcept {
    return value_.compare_exchange_strong(expected, desired, success, failure);
  }

 private:
  mutable std::atomic<T> value_{};
};

struct MovingAtomics {
  using Queue = sync::QueueMemoryOf<MovingWord>;

  static void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
  static void wake_one(const MovingWord<std::uint32_t>& /*word*/) noexcept {}
  static void wake_all(const MovingWord<std::uint32_t>& /*word*/) noexcept {}
};

// Each slot is listed just before the bound of one loop: of many slots that is a long time, and
// meanwhile the broker serves nobody.
TEST(QueueRubbish, FakedProgressDoesNotHoldUpTheBroker) {
  constexpr std::uint64_t kRoundsPerSlot = 16'000;
  const layout::QueueShape shape{.slots = 1023};
  const layout::QueuePlan plan = layout::plan_queue(shape).value();
  std::vector<layout::QueueSlotOf<MovingWord>> lines(plan.head_bytes / layout::kLineBytes + 1);
  const MovingAtomics::Queue queue(reinterpret_cast<std::byte*>(lines.data()), shape, plan);
  const layout::RingName lane = layout::lane_ring(0);
  for (std::uint64_t i = 0; i < plan.capacity.cells; ++i) {
    queue.cell(lane, i).store(layout::kFullBit | i, std::memory_order_relaxed);
  }
  for (std::uint32_t slot = 0; slot < shape.slots; ++slot) {
    const layout::QueueWord word{.phase = layout::QueuePhase::queued, .owner = kMe, .sequence = 77};
    queue.slot(slot).word.store(word.pack(), std::memory_order_relaxed);
  }
  std::uint64_t looks = 0;
  MovingWord<std::uint64_t>::moving = &queue.ring(lane).tail;
  MovingWord<std::uint64_t>::on_look = [&](std::uint64_t position) {
    if (++looks % kRoundsPerSlot == 0) {
      queue.cell(lane, position).store(layout::empty_cell(position), std::memory_order_relaxed);
    }
  };
  std::vector<std::uint64_t> scratch(shape.slots);
  const auto repairs =
      sync::QueueRepair<MovingAtomics>(queue, scratch).run([](std::uint16_t owner) {
        return owner == kMe;
      });
  EXPECT_TRUE(repairs.is_corrupt);
  EXPECT_LT(looks, 40'000U);
}

}  // namespace
}  // namespace tenure::test
