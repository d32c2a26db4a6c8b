// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/queue_end.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using layout::QueuePhase;
using sync::Outcome;
using sync::Taken;

constexpr std::uint16_t kProducer = 7;
constexpr std::uint16_t kConsumer = 8;

class QueueEnd : public testing::Test {
 protected:
  [[nodiscard]] Outcome pop_nothing(std::size_t lane) { return consumer_.pop(lane).outcome; }
  [[nodiscard]] auto& bell(layout::RingName name) { return queue_.get().wait(name).bell; }
  void sleep(layout::RingName name) {
    static_cast<void>(
        sync::count_on<FatedAtomics>(queue_.get().wait(name), sync::WaitKind::sleeper));
  }

  TestQueue queue_{{.slots = 8, .lanes = 3}};
  Producer producer_ = queue_.producer(kProducer);
  Consumer consumer_ = queue_.consumer(kConsumer);
};

TEST_F(QueueEnd, NothingIsPushedAfterIt) {
  producer_.finish();
  EXPECT_EQ(producer_.try_claim().outcome, Outcome::finished);
  EXPECT_EQ(producer_.claim_oldest(0).outcome, Outcome::finished);
  EXPECT_EQ(queue_.count(QueuePhase::free), 8U);
  EXPECT_EQ(producer_.try_claim().outcome, Outcome::finished);
}

TEST_F(QueueEnd, EmptyQueueIsFinishedAtOnce) {
  EXPECT_EQ(pop_nothing(0), Outcome::empty);
  producer_.finish();
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
  EXPECT_EQ(pop_nothing(2), Outcome::finished);
}

TEST_F(QueueEnd, DraftsOfBeforeMayStillBePushed) {
  const Taken draft = producer_.try_claim();
  producer_.finish();
  EXPECT_EQ(pop_nothing(0), Outcome::empty);
  EXPECT_EQ(producer_.push(draft.held, 1, 1), Outcome::done);
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
  EXPECT_EQ(pop_nothing(2), Outcome::empty);
  EXPECT_EQ(consumer_.ack(consumer_.pop(1).held), Outcome::done);
  EXPECT_EQ(pop_nothing(2), Outcome::finished);
}

TEST_F(QueueEnd, LaneIsFinishedWhenNothingCanComeToIt) {
  push_one(queue_, kProducer);
  producer_.finish();
  Taken item = consumer_.pop(0);
  EXPECT_EQ(pop_nothing(0), Outcome::empty);  // It may come back.
  EXPECT_EQ(consumer_.nack(item.held), Outcome::done);
  EXPECT_EQ(pop_nothing(1), Outcome::empty);
  item = consumer_.pop(0);
  consumer_.mark_changing(item.held);
  EXPECT_EQ(pop_nothing(0), Outcome::empty);
  EXPECT_EQ(consumer_.pass_on(item.held, 1), Outcome::done);
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
  EXPECT_EQ(pop_nothing(2), Outcome::empty);
}

TEST_F(QueueEnd, ParkedBundlesAreNotWaitedFor) {
  push_one(queue_, kProducer);
  EXPECT_EQ(consumer_.park(consumer_.pop(0).held), Outcome::done);
  producer_.finish();
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
  const Taken parked = consumer_.pop_parked();
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
  EXPECT_EQ(consumer_.nack(parked.held), Outcome::finished);
  EXPECT_EQ(queue_.word(parked.held.slot), parked.held.word);  // Still held.
  EXPECT_EQ(consumer_.ack(parked.held), Outcome::done);
}

// At any moment of a claim: the producer gives the slot back, or the lane is not finished.
TEST_F(QueueEnd, FinishDuringAClaimIsSeenByOneOfTheTwo) {
  for (int skip = 0;; ++skip) {
    const TestQueue queue({.slots = 2});
    Outcome popped = Outcome::empty;
    interrupt(skip, [&] {
      queue.producer(3).finish();
      popped = queue.consumer(kConsumer).pop(0).outcome;
    });
    const Taken draft = queue.producer(kProducer).try_claim();
    if (fate.peer) {
      break;
    }
    EXPECT_TRUE(draft.outcome == Outcome::finished || popped == Outcome::empty) << skip;
    EXPECT_EQ(queue.count(QueuePhase::filling), draft.outcome == Outcome::done ? 1U : 0U);
  }
}

// At any moment of it: the bundle made room for a draft, or it is delivered.
TEST_F(QueueEnd, FinishDuringAClaimOfTheOldestLosesNoBundle) {
  for (int skip = 0;; ++skip) {
    const TestQueue queue({.slots = 2});
    const std::uint32_t first = push_one(queue, kProducer);
    const std::uint32_t second = push_one(queue, kProducer);
    interrupt(skip, [&] { queue.producer(3).finish(); });
    const Outcome claimed = queue.producer(kProducer).claim_oldest(0).outcome;
    if (fate.peer) {
      break;
    }
    Consumer consumer = queue.consumer(kConsumer);
    if (claimed == Outcome::finished) {
      EXPECT_EQ(consumer.pop(0).held.slot, first) << skip;
    } else {
      EXPECT_EQ(claimed, Outcome::done) << skip;
    }
    EXPECT_EQ(consumer.pop(0).held.slot, second) << skip;
  }
}

TEST_F(QueueEnd, FinishDuringAnotherDeliveryIsSeenByOneOfTheTwo) {
  for (int skip = 0;; ++skip) {
    const TestQueue queue({.slots = 2});
    push_one(queue, kProducer);
    Consumer consumer = queue.consumer(kConsumer);
    ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
    const Taken parked = consumer.pop_parked();
    Outcome popped = Outcome::empty;
    interrupt(skip, [&] {
      queue.producer(3).finish();
      popped = queue.consumer(9).pop(0).outcome;
    });
    const Outcome outcome = consumer.nack(parked.held);
    if (fate.peer) {
      break;
    }
    EXPECT_TRUE(outcome == Outcome::finished || popped != Outcome::finished) << skip;
  }
}

TEST_F(QueueEnd, WhoDiesDuringAnotherDeliveryAfterItBringsNothingToAFinishedLane) {
  for (int stores = 0; stores < 8; ++stores) {
    TestQueue queue({.slots = 2});
    push_one(queue, kProducer);
    Consumer consumer = queue.consumer(kConsumer);
    ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
    const Taken parked = consumer.pop_parked();
    queue.producer(3).finish();
    ASSERT_EQ(queue.consumer(9).pop(0).outcome, Outcome::finished);
    fate.stores_left = stores;
    static_cast<void>(consumer.nack(parked.held));
    reset_fate();
    queue.repair(kConsumer);
    EXPECT_EQ(queue.consumer(9).pop(0).outcome, Outcome::finished) << stores;
  }
}

TEST_F(QueueEnd, WakesProducersAndConsumers) {
  sleep(layout::kFreeRing);
  sleep(layout::lane_ring(2));
  producer_.finish();
  EXPECT_EQ(bell(layout::kFreeRing).peek(), 1U);
  EXPECT_EQ(bell(layout::lane_ring(2)).peek(), 1U);
}

TEST_F(QueueEnd, EachMoveAfterItWakesTheLanes) {
  for (int i = 0; i < 3; ++i) {
    push_one(queue_, kProducer);
  }
  const Taken draft = producer_.try_claim();
  const Taken cancelled = producer_.try_claim();
  producer_.finish();
  sleep(layout::lane_ring(2));
  const auto& rung = bell(layout::lane_ring(2));
  std::uint32_t before = rung.peek();
  EXPECT_EQ(producer_.push(draft.held, 1, 1), Outcome::done);
  EXPECT_NE(rung.peek(), before);
  before = rung.peek();
  EXPECT_EQ(producer_.cancel(cancelled.held), Outcome::done);
  EXPECT_NE(rung.peek(), before);
  before = rung.peek();
  EXPECT_EQ(consumer_.ack(consumer_.pop(0).held), Outcome::done);
  EXPECT_NE(rung.peek(), before);
  before = rung.peek();
  EXPECT_EQ(consumer_.park(consumer_.pop(0).held), Outcome::done);
  EXPECT_NE(rung.peek(), before);
  before = rung.peek();
  EXPECT_EQ(consumer_.pass_on(consumer_.pop(0).held, 1), Outcome::done);
  EXPECT_NE(rung.peek(), before);
}

TEST_F(QueueEnd, LookBeforeSleepSeesTheEnd) {
  EXPECT_FALSE(consumer_.could_pop(1));
  producer_.finish();
  EXPECT_TRUE(consumer_.could_pop(1));
  EXPECT_TRUE(producer_.could_claim());
}

TEST_F(QueueEnd, DeadProducerDoesNotHoldItUp) {
  ASSERT_EQ(producer_.try_claim().outcome, Outcome::done);
  queue_.producer(3).finish();
  EXPECT_EQ(pop_nothing(0), Outcome::empty);
  queue_.repair(kProducer);
  EXPECT_EQ(pop_nothing(0), Outcome::finished);
}

}  // namespace
}  // namespace tenure::test
