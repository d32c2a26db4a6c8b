// SPDX-License-Identifier: Apache-2.0
// Each move of a producer and a consumer, one after the other.
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using layout::QueuePhase;
using layout::QueueWord;
using sync::Outcome;
using sync::Taken;

constexpr std::uint16_t kProducer = 7;
constexpr std::uint16_t kConsumer = 0xffff;

TEST(QueueMoves, PushedIsPoppedInOrder) {
  for (const std::uint32_t slots : {1U, 2U, 3U, 64U, 65'535U}) {
    const TestQueue queue({.slots = slots});
    Consumer consumer = queue.consumer(kConsumer);
    for (std::uint32_t turn = 0; turn < 3; ++turn) {
      std::vector<std::uint32_t> pushed;
      for (std::uint32_t i = 0; i < slots; ++i) {
        pushed.push_back(push_one(queue, kProducer));
      }
      ASSERT_EQ(queue.producer(kProducer).try_claim().outcome, Outcome::empty);
      for (const std::uint32_t slot : pushed) {
        const Taken item = consumer.pop(0);
        ASSERT_EQ(item.outcome, Outcome::done);
        ASSERT_EQ(item.held.slot, slot);
        ASSERT_EQ(consumer.ack(item.held), Outcome::done);
      }
      ASSERT_EQ(consumer.pop(0).outcome, Outcome::empty);
    }
  }
}

TEST(QueueMoves, WordsSayWhoHasTheSlot) {
  const TestQueue queue({.slots = 1, .lanes = 8}, 0, 10);
  Producer producer = queue.producer(kProducer);
  const Taken draft = producer.try_claim();
  EXPECT_EQ(queue.word(0),
            (QueueWord{.phase = QueuePhase::filling, .owner = kProducer, .sequence = 10}));
  EXPECT_EQ(draft.held.word, queue.word(0));
  EXPECT_EQ(producer.push(draft.held, 6, 5), Outcome::done);
  EXPECT_EQ(
      queue.word(0),
      (QueueWord{.phase = QueuePhase::queued, .lane = 6, .owner = kProducer, .sequence = 11}));
  EXPECT_EQ(queue.get().slot(0).pushed_ns.peek(), 5U);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.pop(5).outcome, Outcome::empty);
  Taken item = consumer.pop(6);
  EXPECT_EQ(queue.word(0),
            (QueueWord{.phase = QueuePhase::taken,
                       .lane = 6,
                       .deliveries = 1,
                       .owner = kConsumer,
                       .sequence = 11}));
  consumer.mark_changing(item.held);
  EXPECT_EQ(queue.word(0).phase, QueuePhase::changing);
  EXPECT_EQ(item.held.word, queue.word(0));
  EXPECT_EQ(consumer.pass_on(item.held, 7), Outcome::done);
  EXPECT_EQ(
      queue.word(0),
      (QueueWord{.phase = QueuePhase::queued, .lane = 7, .owner = kConsumer, .sequence = 12}));
  EXPECT_EQ(consumer.ack(consumer.pop(7).held), Outcome::done);
  EXPECT_EQ(queue.word(0),
            (QueueWord{.phase = QueuePhase::free, .owner = kConsumer, .sequence = 13}));
}

TEST(QueueMoves, CancelledDraftIsFree) {
  const TestQueue queue({.slots = 1});
  Producer producer = queue.producer(kProducer);
  EXPECT_EQ(producer.cancel(producer.try_claim().held), Outcome::done);
  EXPECT_EQ(queue.get().counters().cancelled.peek(), 1U);
  EXPECT_EQ(producer.try_claim().outcome, Outcome::done);
}

TEST(QueueMoves, RedeliveriesComeFirst) {
  const TestQueue queue({.slots = 3});
  const std::uint32_t first = push_one(queue, kProducer);
  const std::uint32_t second = push_one(queue, kProducer);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.nack(consumer.pop(0).held), Outcome::done);
  const Taken again = consumer.pop(0);
  EXPECT_EQ(again.held.slot, first);
  EXPECT_EQ(again.held.word.deliveries, 2U);
  EXPECT_EQ(consumer.pop(0).held.slot, second);
}

// Given back by another one after this one's first look at the redeliveries.
TEST(QueueMoves, PopLooksAtRedeliveriesOnceMore) {
  const TestQueue queue({.slots = 1});
  push_one(queue, kProducer);
  Consumer other = queue.consumer(3);
  const Taken item = other.pop(0);
  interrupt(4, [&] { EXPECT_EQ(other.nack(item.held), Outcome::done); });
  EXPECT_EQ(queue.consumer(kConsumer).pop(0).outcome, Outcome::done);
}

TEST(QueueMoves, DeliveriesSaturate) {
  const TestQueue queue({.slots = 1});
  push_one(queue, kProducer);
  Consumer consumer = queue.consumer(kConsumer);
  for (std::uint32_t i = 1; i < 300; ++i) {
    const Taken item = consumer.pop(0);
    ASSERT_EQ(item.held.word.deliveries, i < 127 ? i : 127U);
    ASSERT_EQ(consumer.nack(item.held), Outcome::done);
  }
}

TEST(QueueMoves, ParkedAfterTheLastDelivery) {
  const TestQueue queue({.slots = 4, .lanes = 2, .max_deliveries = 2});
  const std::uint32_t slot = push_one(queue, kProducer, 1);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.nack(consumer.pop(1).held), Outcome::done);
  EXPECT_EQ(consumer.nack(consumer.pop(1).held), Outcome::done);
  EXPECT_EQ(consumer.pop(1).outcome, Outcome::empty);
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::parked);
  EXPECT_EQ(queue.word(slot).lane, 1U);
  EXPECT_EQ(queue.word(slot).deliveries, 2U);
}

TEST(QueueMoves, PassingOnBeginsAnew) {
  const TestQueue queue({.slots = 2, .lanes = 2, .max_deliveries = 2});
  push_one(queue, kProducer);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.nack(consumer.pop(0).held), Outcome::done);
  EXPECT_EQ(consumer.pass_on(consumer.pop(0).held, 1), Outcome::done);
  EXPECT_EQ(consumer.pop(1).held.word.deliveries, 1U);
}

TEST(QueueMoves, ParkedOneIsExaminedThenDroppedOrDelivered) {
  const TestQueue queue({.slots = 8, .lanes = 2});
  Consumer consumer = queue.consumer(kConsumer);
  for (int i = 0; i < 2; ++i) {
    push_one(queue, kProducer, 1);
    EXPECT_EQ(consumer.park(consumer.pop(1).held), Outcome::done);
  }
  EXPECT_TRUE(consumer.could_pop_parked());
  const Taken first = consumer.pop_parked();
  EXPECT_EQ(queue.word(first.held.slot).phase, QueuePhase::examined);
  EXPECT_EQ(first.held.word.deliveries, 1U);  // Looking at it is no delivery.
  EXPECT_EQ(consumer.ack(first.held), Outcome::done);
  const Taken second = consumer.pop_parked();
  EXPECT_EQ(consumer.nack(second.held), Outcome::done);
  EXPECT_EQ(consumer.pop_parked().outcome, Outcome::empty);
  EXPECT_FALSE(consumer.could_pop_parked());
  const Taken again = consumer.pop(1);
  EXPECT_EQ(again.held.slot, second.held.slot);
  EXPECT_EQ(again.held.word.deliveries, 2U);
}

TEST(QueueMoves, PoisonedOneStaysPoisoned) {
  TestQueue queue({.slots = 4});
  const std::uint32_t slot = push_one(queue, kProducer);
  Consumer dead = queue.consumer(3);
  Taken item = dead.pop(0);
  dead.mark_changing(item.held);
  queue.repair(3);
  Consumer consumer = queue.consumer(kConsumer);
  item = consumer.pop_parked();
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::examined_poisoned);
  EXPECT_EQ(consumer.nack(item.held), Outcome::done);
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::poisoned);
  EXPECT_EQ(consumer.ack(consumer.pop_parked().held), Outcome::done);
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::free);
}

TEST(QueueMoves, GivenUpIsDeliveredAgainOrParkedAsItWas) {
  const TestQueue queue({.slots = 8});
  Consumer consumer = queue.consumer(kConsumer);
  const std::uint32_t slot = push_one(queue, kProducer);
  EXPECT_EQ(consumer.give_up(consumer.pop(0).held), Outcome::done);
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::again);
  EXPECT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
  EXPECT_EQ(consumer.give_up(consumer.pop_parked().held), Outcome::done);
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::parked);
  EXPECT_EQ(queue.word(slot).deliveries, 2U);
}

TEST(QueueMoves, GivenUpHalfChangedIsPoisonedUnlessItCanBeRepeated) {
  for (const bool is_repeatable : {false, true}) {
    const TestQueue queue({.slots = 8, .is_repeatable = is_repeatable});
    Consumer consumer = queue.consumer(kConsumer);
    const std::uint32_t slot = push_one(queue, kProducer);
    Taken item = consumer.pop(0);
    consumer.mark_changing(item.held);
    EXPECT_EQ(consumer.give_up(item.held), Outcome::done);
    EXPECT_EQ(queue.word(slot).phase, is_repeatable ? QueuePhase::again : QueuePhase::poisoned);
    if (!is_repeatable) {
      EXPECT_EQ(consumer.give_up(consumer.pop_parked().held), Outcome::done);
      EXPECT_EQ(queue.word(slot).phase, QueuePhase::poisoned);
    }
  }
}

TEST(QueueMoves, OldestCouldBeClaimedWhileTheLaneHasOneOrTheQueueHasEnded) {
  const TestQueue queue({.slots = 1});
  Producer producer = queue.producer(kProducer);
  EXPECT_FALSE(producer.could_claim_oldest(0));
  push_one(queue, kProducer);
  EXPECT_TRUE(producer.could_claim_oldest(0));
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.nack(consumer.pop(0).held), Outcome::done);
  EXPECT_FALSE(producer.could_claim_oldest(0));  // What was delivered before is not dropped.
  producer.finish();
  EXPECT_TRUE(producer.could_claim_oldest(0));
}

TEST(QueueMoves, OldestParkedIsFreedBeyondTheBound) {
  for (const std::uint32_t slots : {1U, 2U, 3U, 4U, 8U, 64U}) {
    const TestQueue queue({.slots = slots});
    const std::uint32_t most = queue.shape().max_parked();
    Consumer consumer = queue.consumer(kConsumer);
    std::vector<std::uint32_t> parked;
    for (std::uint32_t i = 0; i < 3 * slots; ++i) {
      parked.push_back(push_one(queue, kProducer));
      ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
      const std::uint32_t expected = i + 1 < most ? i + 1 : most;
      ASSERT_EQ(queue.count(QueuePhase::parked), expected) << slots << " slots, " << i;
    }
    EXPECT_EQ(queue.get().counters().discarded.peek(), 3 * slots - most);
    for (std::uint32_t i = 0; i < most; ++i) {  // The newest are kept, oldest first.
      ASSERT_EQ(consumer.pop_parked().held.slot, parked[parked.size() - most + i]);
    }
  }
}

// Two park at once: both discard, and none too many.
TEST(QueueMoves, TwoWhoParkDiscardNoMoreThanTwo) {
  for (int skip = 0; skip < 40; ++skip) {
    const TestQueue queue({.slots = 8});
    Consumer consumer = queue.consumer(kConsumer);
    Consumer other = queue.consumer(3);
    for (int i = 0; i < 2; ++i) {
      push_one(queue, kProducer);
      ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
    }
    push_one(queue, kProducer);
    push_one(queue, kProducer);
    const Taken mine = consumer.pop(0);
    const Taken others = other.pop(0);
    interrupt(skip, [&] { EXPECT_EQ(other.park(others.held), Outcome::done); });
    ASSERT_EQ(consumer.park(mine.held), Outcome::done);
    if (fate.peer) {
      break;
    }
    ASSERT_EQ(queue.count(QueuePhase::parked), 2U) << skip;
    ASSERT_EQ(queue.get().counters().discarded.peek(), 2U) << skip;
  }
}

TEST(QueueMoves, DropOldestTakesFromTheLaneOnly) {
  const TestQueue queue({.slots = 2});
  const std::uint32_t first = push_one(queue, kProducer);
  const std::uint32_t second = push_one(queue, kProducer);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_EQ(consumer.nack(consumer.pop(0).held), Outcome::done);
  Producer producer = queue.producer(kProducer);
  ASSERT_EQ(producer.try_claim().outcome, Outcome::empty);
  const Taken oldest = producer.claim_oldest(0);
  EXPECT_EQ(oldest.held.slot, second);
  EXPECT_EQ(producer.push(oldest.held, 0, 1), Outcome::done);
  EXPECT_EQ(queue.get().counters().dropped.peek(), 1U);
  EXPECT_EQ(producer.claim_oldest(0).outcome, Outcome::done);
  EXPECT_EQ(producer.claim_oldest(0).outcome, Outcome::empty);  // The other is a redelivery.
  EXPECT_EQ(consumer.pop(0).held.slot, first);
}

TEST(QueueMoves, DroppedBundleGivesItsDeliveriesUp) {
  const TestQueue queue({.slots = 1});
  push_one(queue, kProducer);
  Producer producer = queue.producer(kProducer);
  EXPECT_EQ(producer.push(producer.claim_oldest(0).held, 0, 1), Outcome::done);
  EXPECT_EQ(queue.consumer(kConsumer).pop(0).held.word.deliveries, 1U);
}

TEST(QueueMoves, LooksSayWhetherThereIsAnything) {
  const TestQueue queue({.slots = 1, .lanes = 2});
  Producer producer = queue.producer(kProducer);
  Consumer consumer = queue.consumer(kConsumer);
  EXPECT_TRUE(producer.could_claim());
  EXPECT_FALSE(consumer.could_pop(1));
  push_one(queue, kProducer, 1);
  EXPECT_FALSE(producer.could_claim());
  EXPECT_FALSE(consumer.could_pop(0));
  EXPECT_TRUE(consumer.could_pop(1));
  EXPECT_EQ(consumer.nack(consumer.pop(1).held), Outcome::done);
  EXPECT_TRUE(consumer.could_pop(1));
}

TEST(QueueMoves, EveryLaneIsItsOwn) {
  const TestQueue queue({.slots = 16, .lanes = 8});
  for (std::size_t lane = 0; lane < 8; ++lane) {
    push_one(queue, kProducer, lane);
    push_one(queue, kProducer, lane);
  }
  Consumer consumer = queue.consumer(kConsumer);
  for (std::size_t lane = 8; lane-- > 0;) {
    EXPECT_EQ(consumer.nack(consumer.pop(lane).held), Outcome::done);
    for (int i = 0; i < 2; ++i) {
      const Taken item = consumer.pop(lane);
      ASSERT_EQ(item.outcome, Outcome::done);
      EXPECT_EQ(item.held.word.lane, lane);
      EXPECT_EQ(consumer.ack(item.held), Outcome::done);
    }
    EXPECT_EQ(consumer.pop(lane).outcome, Outcome::empty);
  }
  EXPECT_EQ(queue.count(QueuePhase::free), 16U);
}

}  // namespace
}  // namespace tenure::test
