// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/queue_wake.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "proto/sync/futex.hpp"
#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using layout::Waiting;
using sync::Outcome;
using sync::WaitKind;

constexpr std::uint16_t kProducer = 7;
constexpr std::uint16_t kConsumer = 8;

class QueueWake : public testing::Test {
 protected:
  [[nodiscard]] auto& line() { return queue_.get().wait(layout::lane_ring(0)); }
  [[nodiscard]] Waiting waiting() { return Waiting::unpack(line().waiting.peek()); }
  sync::WaitMark count_on(WaitKind kind) { return sync::count_on<FatedAtomics>(line(), kind); }
  void count_off(WaitKind kind, std::uint32_t epoch) {
    sync::count_off<FatedAtomics>(line(), kind, epoch);
  }

  TestQueue queue_{{.slots = 3, .lanes = 2}};
};

TEST_F(QueueWake, CostsNothingWhenNobodyWaits) {
  push_one(queue_, kProducer);
  EXPECT_EQ(line().bell.peek(), 0U);
  EXPECT_EQ(line().poll_bell.peek(), 0U);
  EXPECT_EQ(line().wakes.peek(), 0U);
}

TEST_F(QueueWake, RingsTheBellOfThoseWhoWait) {
  const sync::WaitMark sleeper = count_on(WaitKind::sleeper);
  EXPECT_EQ(sleeper.expected, 0U);
  push_one(queue_, kProducer);
  EXPECT_EQ(line().bell.peek(), 1U);
  EXPECT_EQ(line().poll_bell.peek(), 0U);
  count_off(WaitKind::sleeper, sleeper.epoch);
  EXPECT_EQ(count_on(WaitKind::poller).expected, 0U);
  push_one(queue_, kProducer);
  EXPECT_EQ(line().bell.peek(), 1U);
  EXPECT_EQ(line().poll_bell.peek(), 1U);
  EXPECT_EQ(line().wakes.peek(), 2U);
}

TEST_F(QueueWake, OtherLanesSleepOn) {
  count_on(WaitKind::sleeper);
  push_one(queue_, kProducer, 1);
  EXPECT_EQ(line().bell.peek(), 0U);
}

TEST_F(QueueWake, RedeliveryWakesTheLane) {
  push_one(queue_, kProducer);
  Consumer consumer = queue_.consumer(kConsumer);
  const sync::Taken item = consumer.pop(0);
  count_on(WaitKind::sleeper);
  ASSERT_EQ(consumer.nack(item.held), Outcome::done);
  EXPECT_EQ(line().bell.peek(), 1U);
}

TEST_F(QueueWake, AckWakesAProducer) {
  push_one(queue_, kProducer);
  auto& line = queue_.get().wait(layout::kFreeRing);
  static_cast<void>(sync::count_on<FatedAtomics>(line, WaitKind::sleeper));
  Consumer consumer = queue_.consumer(kConsumer);
  ASSERT_EQ(consumer.ack(consumer.pop(0).held), Outcome::done);
  EXPECT_EQ(line.bell.peek(), 1U);
}

TEST_F(QueueWake, ParkingWakesThoseWhoExamine) {
  push_one(queue_, kProducer);
  auto& line = queue_.get().wait(layout::kParkedRing);
  static_cast<void>(sync::count_on<FatedAtomics>(line, WaitKind::poller));
  Consumer consumer = queue_.consumer(kConsumer);
  ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
  EXPECT_EQ(line.poll_bell.peek(), 1U);
}

TEST_F(QueueWake, EachCountsItselfOff) {
  const std::uint32_t epoch = count_on(WaitKind::sleeper).epoch;
  count_on(WaitKind::sleeper);
  count_on(WaitKind::poller);
  EXPECT_EQ(waiting(), (Waiting{.epoch = 0, .sleepers = 2, .pollers = 1}));
  count_off(WaitKind::sleeper, epoch);
  count_off(WaitKind::poller, epoch);
  EXPECT_EQ(waiting(), (Waiting{.epoch = 0, .sleepers = 1, .pollers = 0}));
}

TEST_F(QueueWake, CountsOfTheDeadAreTakenOff) {
  count_on(WaitKind::sleeper);  // Will die.
  const std::uint32_t epoch = count_on(WaitKind::sleeper).epoch;
  count_on(WaitKind::poller);
  queue_.repair(kConsumer);
  EXPECT_EQ(waiting(), (Waiting{.epoch = 1, .sleepers = 0, .pollers = 0}));
  EXPECT_EQ(line().bell.peek(), 1U);
  EXPECT_EQ(line().poll_bell.peek(), 1U);
  count_off(WaitKind::sleeper, epoch);  // The living one: counted off by the broker already.
  EXPECT_EQ(waiting(), (Waiting{.epoch = 1, .sleepers = 0, .pollers = 0}));
}

TEST_F(QueueWake, WhoComesWhileTheBrokerRingsStaysCounted) {
  count_on(WaitKind::sleeper);
  for (int skip = 1; skip < 4; ++skip) {  // Between the epoch and the subtraction.
    sync::WaitMark mark;
    interrupt(skip, [&] { mark = count_on(WaitKind::sleeper); });
    sync::ring_and_void<FatedAtomics>(line());
    EXPECT_EQ(waiting().sleepers, 1U) << skip;
    EXPECT_EQ(mark.epoch, waiting().epoch);
    count_off(WaitKind::sleeper, mark.epoch);
    EXPECT_EQ(waiting().sleepers, 0U);
  }
}

TEST_F(QueueWake, BrokerThatDiesWhileItRingsIsMadeUpFor) {
  for (int stores = 0; stores < 4; ++stores) {
    count_on(WaitKind::sleeper);
    count_on(WaitKind::poller);
    fate.stores_left = stores;
    sync::ring_and_void<FatedAtomics>(line());
    reset_fate();
    queue_.repair_as_successor();
    EXPECT_EQ(waiting().sleepers, 0U) << stores;
    EXPECT_EQ(waiting().pollers, 0U) << stores;
  }
}

TEST_F(QueueWake, WhoLeavesWakesTheNextIfSomethingIsLeft) {
  push_one(queue_, kProducer);
  count_on(WaitKind::sleeper);
  Consumer consumer = queue_.consumer(kConsumer);
  consumer.wake_next(0);
  EXPECT_EQ(line().bell.peek(), 1U);
  ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
  consumer.wake_next(0);
  EXPECT_EQ(line().bell.peek(), 1U);
}

// A push at any moment of somebody's going to sleep: he is woken, or finds it, or does not sleep.
TEST_F(QueueWake, NoPushIsSleptThrough) {
  for (int skip = 0;; ++skip) {
    const TestQueue queue({.slots = 3});
    auto& line = queue.get().wait(layout::lane_ring(0));
    Consumer consumer = queue.consumer(kConsumer);
    interrupt(skip, [&] { push_one(queue, kProducer); });
    const sync::WaitMark mark = sync::count_on<FatedAtomics>(line, WaitKind::sleeper);
    const bool finds = consumer.could_pop(0);
    if (fate.peer) {
      break;
    }
    EXPECT_TRUE(finds || line.bell.peek() != mark.expected) << skip;
  }
}

TEST_F(QueueWake, RubbishInTheCountsEnds) {
  line().waiting.poke(~std::uint64_t{0});
  count_on(WaitKind::sleeper);
  count_off(WaitKind::sleeper, 0);
  queue_.repair(kConsumer);
  line().waiting.poke(0);
  count_off(WaitKind::poller, 0);
  EXPECT_EQ(line().waiting.peek(), 0U);  // Nothing to take off.
}

// Threads that sleep for each other on real futexes: nobody is left behind.
class SleepingQueue {
 public:
  SleepingQueue()
      : plan_(layout::plan_queue(kShape).value()),
        bytes_(static_cast<std::byte*>(
            ::operator new(plan_.head_bytes, std::align_val_t{layout::kLineBytes}))),
        queue_(bytes_.get(), kShape, plan_) {
    std::uninitialized_fill_n(bytes_.get(), plan_.head_bytes, std::byte{0});
    sync::start_queue<>(queue_);
  }

  void push(std::uint64_t items) {
    sync::QueueProducer<> producer(queue_, 1);
    for (std::uint64_t i = 0; i < items; ++i) {
      const sync::Taken draft = wait_for(
          layout::kFreeRing,
          [&] { return producer.try_claim(); },
          [&] { return producer.could_claim(); },
          [&] { producer.wake_next(); });
      ASSERT_EQ(draft.outcome, Outcome::done);
      items_.at(draft.held.slot) = i + 1;
      ASSERT_EQ(producer.push(draft.held, 0, 1), Outcome::done);
    }
  }
  void finish() { sync::QueueProducer<>(queue_, 1).finish(); }

  /// Pops until finished; the sum of what it got.
  std::uint64_t pop() {
    sync::QueueConsumer<> consumer(queue_, 2);
    for (std::uint64_t sum = 0;;) {
      const sync::Taken item = wait_for(
          layout::lane_ring(0),
          [&] { return consumer.pop(0); },
          [&] { return consumer.could_pop(0); },
          [&] { consumer.wake_next(0); });
      if (item.outcome != Outcome::done) {
        EXPECT_EQ(item.outcome, Outcome::finished);
        return sum;
      }
      sum += items_.at(item.held.slot);
      EXPECT_EQ(consumer.ack(item.held), Outcome::done);
    }
  }

  [[nodiscard]] std::uint64_t waiting(layout::RingName name) const {
    return queue_.wait(name).waiting.load(std::memory_order_seq_cst);
  }

 private:
  static constexpr layout::QueueShape kShape{.slots = 2};

  template <class Try, class Look, class WakeNext>
  sync::Taken wait_for(layout::RingName name, Try&& attempt, Look&& look, WakeNext&& wake_next) {
    auto& line = queue_.wait(name);
    for (bool has_slept = false;;) {
      const sync::Taken taken = attempt();
      if (taken.outcome != Outcome::empty) {
        if (has_slept) {
          wake_next();
        }
        return taken;
      }
      const sync::WaitMark mark = sync::count_on<>(line, WaitKind::sleeper);
      if (!look()) {
        sync::futex_wait(line.bell, mark.expected, sync::kNever);
        has_slept = true;
      }
      sync::count_off<>(line, WaitKind::sleeper, mark.epoch);
    }
  }

  struct Free {
    void operator()(std::byte* bytes) const {
      ::operator delete(bytes, std::align_val_t{layout::kLineBytes});
    }
  };

  layout::QueuePlan plan_;
  std::unique_ptr<std::byte, Free> bytes_;
  sync::StdAtomics::Queue queue_;
  std::array<std::uint64_t, 2> items_{};  // In the slots.
};

TEST(QueueThreads, EverythingArrivesAndEverybodyGetsHome) {
  constexpr std::uint64_t kItems = 20'000;
  SleepingQueue queue;
  std::atomic<std::uint64_t> sum{0};
  std::vector<std::thread> consumers;
  std::vector<std::thread> producers;
  for (int i = 0; i < 2; ++i) {
    consumers.emplace_back([&] { sum += queue.pop(); });
    producers.emplace_back([&] { queue.push(kItems); });
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  queue.finish();
  for (std::thread& consumer : consumers) {
    consumer.join();
  }
  EXPECT_EQ(sum, kItems * (kItems + 1));
  EXPECT_EQ(queue.waiting(layout::kFreeRing), 0U);
  EXPECT_EQ(queue.waiting(layout::lane_ring(0)), 0U);
}

}  // namespace
}  // namespace tenure::test
