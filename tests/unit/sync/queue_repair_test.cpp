// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/queue_repair.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using layout::QueuePhase;
using layout::QueueWord;
using sync::Outcome;
using sync::QueueRepairs;
using sync::Taken;

constexpr std::uint16_t kDead = 7;
constexpr std::uint16_t kSurvivor = 8;

// Runs `verb` so that it dies before its store number `stores` (from 0 on).
template <class Verb>
void die_at(int stores, Verb&& verb) {
  fate.stores_left = stores;
  static_cast<void>(verb());
  reset_fate();
}

TEST(QueueRepair, FreshQueueHasEverySlotListed) {
  for (const std::uint32_t slots : {1U, 2U, 3U, 64U, 65'535U}) {
    TestQueue queue({.slots = slots, .lanes = 1});
    EXPECT_EQ(queue.repair_as_successor(), QueueRepairs{});
    EXPECT_EQ(queue.listings(0), 1U);
    EXPECT_EQ(queue.listings(slots - 1), 1U);
  }
}

TEST(QueueRepair, HalfFilledIsFreed) {
  TestQueue queue({.slots = 2});
  const Taken draft = queue.producer(kDead).try_claim();
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.freed = 1}));
  EXPECT_EQ(queue.word(draft.held.slot).phase, QueuePhase::free);
  EXPECT_EQ(queue.word(draft.held.slot).owner, 0U);
  EXPECT_EQ(queue.listings(draft.held.slot), 1U);
}

TEST(QueueRepair, TakenIsDeliveredAgain) {
  TestQueue queue({.slots = 2, .lanes = 2, .max_deliveries = 2});
  const std::uint32_t slot = push_one(queue, kSurvivor, 1);
  ASSERT_EQ(queue.consumer(kDead).pop(1).outcome, Outcome::done);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.again = 1}));
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::again);
  const Taken again = queue.consumer(kDead).pop(1);
  EXPECT_EQ(again.held.word.deliveries, 2U);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.parked = 1}));
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::parked);
  EXPECT_EQ(queue.word(slot).lane, 1U);
}

TEST(QueueRepair, WithoutALimitItIsDeliveredForEver) {
  TestQueue queue({.slots = 2});
  push_one(queue, kSurvivor);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(queue.consumer(kDead).pop(0).outcome, Outcome::done);
    ASSERT_EQ(queue.repair(kDead), (QueueRepairs{.again = 1}));
  }
}

TEST(QueueRepair, HalfChangedIsPoisoned) {
  TestQueue queue({.slots = 2, .max_deliveries = 5});
  const std::uint32_t slot = push_one(queue, kSurvivor);
  Consumer dead = queue.consumer(kDead);
  Taken item = dead.pop(0);
  dead.mark_changing(item.held);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.poisoned = 1}));
  EXPECT_EQ(queue.word(slot).phase, QueuePhase::poisoned);
}

TEST(QueueRepair, HalfChangedIsRepeatedWhereThatIsAllowed) {
  TestQueue queue({.slots = 2, .max_deliveries = 2, .is_repeatable = true});
  push_one(queue, kSurvivor);
  Consumer dead = queue.consumer(kDead);
  Taken item = dead.pop(0);
  dead.mark_changing(item.held);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.again = 1}));
  item = dead.pop(0);
  dead.mark_changing(item.held);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.parked = 1}));
}

TEST(QueueRepair, ExaminedIsParkedAsItWas) {
  TestQueue queue({.slots = 8, .lanes = 2});
  const std::uint32_t whole = push_one(queue, kSurvivor, 1);
  const std::uint32_t broken = push_one(queue, kSurvivor, 1);
  Consumer dead = queue.consumer(kDead);
  EXPECT_EQ(dead.park(dead.pop(1).held), Outcome::done);
  Taken item = dead.pop(1);
  dead.mark_changing(item.held);
  queue.repair(kDead);
  ASSERT_EQ(dead.pop_parked().outcome, Outcome::done);
  ASSERT_EQ(dead.pop_parked().outcome, Outcome::done);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.parked = 1, .poisoned = 1}));
  EXPECT_EQ(queue.word(whole).phase, QueuePhase::parked);
  EXPECT_EQ(queue.word(whole).lane, 1U);
  EXPECT_EQ(queue.word(broken).phase, QueuePhase::poisoned);
}

TEST(QueueRepair, CommittedMoveIsListed) {
  TestQueue queue({.slots = 2});
  Producer dead = queue.producer(kDead);
  const Taken draft = dead.try_claim();
  die_at(2, [&] { return dead.push(draft.held, 0, 1); });  // The time, then the word.
  EXPECT_EQ(queue.word(draft.held.slot).phase, QueuePhase::queued);
  EXPECT_EQ(queue.listings(draft.held.slot), 0U);
  const QueueWord before = queue.word(draft.held.slot);
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.listed = 1}));
  EXPECT_EQ(queue.word(draft.held.slot), before);
  EXPECT_EQ(queue.listings(draft.held.slot), 1U);
}

TEST(QueueRepair, ListedIsLeftAlone) {
  TestQueue queue({.slots = 4, .lanes = 2});
  push_one(queue, kDead, 0);
  push_one(queue, kDead, 1);
  Consumer consumer = queue.consumer(kDead);
  EXPECT_EQ(consumer.nack(consumer.pop(1).held), Outcome::done);
  const auto before = queue.copy();
  EXPECT_EQ(queue.repair(kDead), QueueRepairs{});
  for (std::size_t slot = 0; slot < 4; ++slot) {
    EXPECT_EQ(queue.listings(slot), 1U);
  }
  EXPECT_EQ(queue.repair(kDead), QueueRepairs{});
}

// Between the search of the cells and the second look at the word a survivor takes it.
TEST(QueueRepair, WhatIsTakenMeanwhileIsNotListedAgain) {
  for (int skip = 0;; ++skip) {
    TestQueue queue({.slots = 2});
    const std::uint32_t slot = push_one(queue, kDead);
    Taken item;
    interrupt(skip, [&] { item = queue.consumer(kSurvivor).pop(0); });
    const QueueRepairs done = queue.repair(kDead);
    if (fate.peer) {
      break;
    }
    ASSERT_EQ(done, QueueRepairs{}) << skip;
    ASSERT_EQ(item.held.slot, slot) << skip;
    ASSERT_EQ(queue.consumer(kSurvivor).pop(0).outcome, Outcome::empty) << skip;
  }
}

TEST(QueueRepair, OneParkedTooManyIsFreed) {
  for (const int stores : {2, 3}) {  // The word, the cell, the tail.
    TestQueue queue({.slots = 4});
    Consumer consumer = queue.consumer(kDead);
    push_one(queue, kSurvivor);
    push_one(queue, kSurvivor);
    EXPECT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
    const Taken item = consumer.pop(0);
    die_at(stores, [&] { return consumer.park(item.held); });
    EXPECT_EQ(queue.count(QueuePhase::parked), 2U);
    EXPECT_EQ(queue.repair(kDead), QueueRepairs{});
    EXPECT_EQ(queue.count(QueuePhase::parked), 1U) << "after " << stores << " stores";
    EXPECT_EQ(queue.word(item.held.slot).phase, QueuePhase::parked);
  }
}

TEST(QueueRepair, OnlySlotIsFreedInsteadOfParked) {
  TestQueue queue({.slots = 1, .max_deliveries = 1});
  push_one(queue, kSurvivor);
  ASSERT_EQ(queue.consumer(kDead).pop(0).outcome, Outcome::done);
  queue.repair(kDead);
  EXPECT_EQ(queue.word(0).phase, QueuePhase::free);
  EXPECT_EQ(queue.get().counters().discarded.peek(), 1U);
}

TEST(QueueRepair, LeavesTheLivingAlone) {
  TestQueue queue({.slots = 8});
  Producer living = queue.producer(kSurvivor);
  const Taken draft = living.try_claim();
  push_one(queue, kSurvivor);
  const Taken item = queue.consumer(kSurvivor).pop(0);
  EXPECT_EQ(queue.repair(kDead), QueueRepairs{});
  EXPECT_EQ(queue.word(draft.held.slot), draft.held.word);
  EXPECT_EQ(queue.word(item.held.slot), item.held.word);
}

// Owner 0 with sequence 0 is a word like any other, not "none".
TEST(QueueRepair, WordZeroIsRepairedToo) {
  TestQueue queue({.slots = 2}, 0, 0);
  queue.get().cell(layout::kFreeRing, 0).poke(layout::empty_cell(2));
  queue.get().ring(layout::kFreeRing).head.poke(1);
  ASSERT_EQ(queue.get().slot(0).word.peek(), 0U);
  EXPECT_EQ(queue.repair_as_successor(), (QueueRepairs{.listed = 1}));
  EXPECT_EQ(queue.listings(0), 1U);
}

TEST(QueueRepair, RubbishWordsAreFreed) {
  TestQueue queue({.slots = 4, .lanes = 2});
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    ASSERT_EQ(queue.producer(kDead).try_claim().outcome, Outcome::done);
  }
  queue.set_word(0, {.phase = QueuePhase::taken, .lane = 7, .owner = kDead});
  queue.set_word(1, {.phase = QueuePhase::queued, .lane = 2, .owner = kDead});
  queue.set_word(2, {.phase = static_cast<QueuePhase>(5), .owner = kDead});
  queue.set_word(3, {.phase = QueuePhase::parked, .lane = 7, .owner = kDead});
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.rubbish = 4}));
  EXPECT_EQ(queue.count(QueuePhase::free), 4U);
}

TEST(QueueRepair, SaysWhenARingIsBeyondRepair) {
  TestQueue queue({.slots = 2});
  ASSERT_EQ(queue.producer(kDead).try_claim().outcome, Outcome::done);
  auto& tail = queue.get().ring(layout::kFreeRing).tail;
  tail.poke(tail.peek() + 77);
  EXPECT_TRUE(queue.repair(kDead).is_corrupt);
}

TEST(QueueRepair, LargestQueue) {
  TestQueue queue({.slots = 65'535, .lanes = 8});
  for (std::uint32_t slot = 0; slot < 65'535; ++slot) {
    ASSERT_EQ(queue.producer(kDead).try_claim().outcome, Outcome::done);
  }
  EXPECT_EQ(queue.repair(kDead), (QueueRepairs{.freed = 65'535}));
  EXPECT_EQ(queue.repair_as_successor(), QueueRepairs{});
  EXPECT_EQ(queue.count(QueuePhase::free), 65'535U);
}

}  // namespace
}  // namespace tenure::test
