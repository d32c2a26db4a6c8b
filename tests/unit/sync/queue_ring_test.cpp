// SPDX-License-Identifier: Apache-2.0
// Append and take: what they find half-way, and what they do about it.
#include <gtest/gtest.h>

#include <cstdint>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using layout::FullCell;
using layout::QueuePhase;
using layout::QueueWord;
using sync::Outcome;
using sync::Taken;

constexpr std::uint16_t kMe = 5;

QueueWord fill(QueueWord /*old*/) {
  return {.phase = QueuePhase::filling, .owner = kMe};
}

// The ring of free slots of a fresh queue, and its words in memory.
class QueueRingTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kStart = TestQueue::kLastPositions;

  [[nodiscard]] auto& line() { return queue_.get().ring(layout::kFreeRing); }
  [[nodiscard]] auto& cell(std::uint64_t position) {
    return queue_.get().cell(layout::kFreeRing, position);
  }

  TestQueue queue_{{.slots = 3}};
  Ring ring_{queue_.get(), layout::kFreeRing};
};

TEST_F(QueueRingTest, TakesInOrderOfAppending) {
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    EXPECT_TRUE(ring_.could_take());
    EXPECT_EQ(ring_.take(fill).held.slot, slot);
  }
  EXPECT_FALSE(ring_.could_take());
  EXPECT_EQ(ring_.take(fill).outcome, Outcome::empty);
}

TEST_F(QueueRingTest, SequenceStaysWhenASlotIsTaken) {
  const Taken taken = ring_.take(fill);
  EXPECT_EQ(taken.held.word.sequence, TestQueue::kLastSequences);
  EXPECT_EQ(queue_.word(0), taken.held.word);
}

TEST_F(QueueRingTest, PositionsWrap) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Taken taken = ring_.take(fill);
    ASSERT_EQ(taken.outcome, Outcome::done) << i;
    const QueueWord word{.owner = kMe, .sequence = taken.held.word.next_sequence()};
    const auto appended = sync::list_slot<FatedAtomics>(queue_.get(), taken.held.slot, word);
    ASSERT_EQ(appended.outcome, Outcome::done) << i;
    ASSERT_EQ(appended.position, kStart + 3 + i);
  }
}

TEST_F(QueueRingTest, EmptyCellsCarryTheWholePosition) {
  ASSERT_EQ(ring_.take(fill).outcome, Outcome::done);
  EXPECT_EQ(cell(kStart).peek(), layout::empty_cell(kStart + 4));
  EXPECT_EQ(line().head.peek(), kStart + 1);
}

// Whoever appended last has not moved the tail.
TEST_F(QueueRingTest, AppendHelpsALaggingTail) {
  ASSERT_EQ(ring_.take(fill).held.slot, 0U);
  line().tail.poke(kStart + 2);
  EXPECT_EQ(ring_.append(0, 9).position, kStart + 3);
  EXPECT_EQ(line().tail.peek(), kStart + 4);
}

// And its entry was taken meanwhile.
TEST_F(QueueRingTest, AppendHelpsATailWhoseEntryIsGone) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(ring_.take(fill).outcome, Outcome::done);
  }
  line().tail.poke(kStart + 1);
  EXPECT_EQ(ring_.append(0, 9).position, kStart + 3);
}

TEST_F(QueueRingTest, TakeHelpsALaggingHead) {
  ASSERT_EQ(ring_.take(fill).held.slot, 0U);
  line().head.poke(kStart);
  EXPECT_TRUE(ring_.could_take());  // Something is to be done, if not to be had.
  EXPECT_EQ(ring_.take(fill).held.slot, 1U);
}

// Whoever took it has not emptied its cell.
TEST_F(QueueRingTest, StaleEntriesArePassedOver) {
  queue_.set_word(0, {.phase = QueuePhase::filling, .owner = 2});
  QueueWord listed_since = queue_.word(1);
  listed_since.sequence = listed_since.next_sequence();
  queue_.set_word(1, listed_since);
  EXPECT_EQ(ring_.take(fill).held.slot, 2U);
  EXPECT_EQ(queue_.word(0).owner, 2U);
  EXPECT_EQ(queue_.word(1), listed_since);
}

TEST_F(QueueRingTest, EntryOfAnotherRingIsStale) {
  queue_.set_word(0, {.phase = QueuePhase::queued, .sequence = TestQueue::kLastSequences});
  EXPECT_EQ(ring_.take(fill).held.slot, 1U);
}

// 2^12 turns later the same turn stands in the cell: only the head tells.
TEST_F(QueueRingTest, WhoHasSleptThroughAllTurnsLooksAtTheHeadAgain) {
  constexpr std::uint64_t kAllTurns = std::uint64_t{4} << 12U;
  interrupt(1, [&] {  // Between the loads of head and cell.
    line().head.poke(kStart + kAllTurns + 3);
    line().tail.poke(kStart + kAllTurns + 7);
    const std::uint64_t same = queue_.get().capacity().turn(kStart);
    cell(kStart).poke(
        FullCell{.turn = same, .slot = 2, .sequence = TestQueue::kLastSequences}.pack());
    cell(kStart + 3)
        .poke(FullCell{.turn = queue_.get().capacity().turn(kStart + 3),
                       .slot = 1,
                       .sequence = TestQueue::kLastSequences}
                  .pack());
  });
  EXPECT_EQ(ring_.take(fill).held.slot, 1U);
  EXPECT_NE(cell(kStart).peek(), layout::empty_cell(kStart + 4));
}

TEST_F(QueueRingTest, TwoTakersGetTwoSlots) {
  for (int skip = 0;; ++skip) {
    TestQueue queue({.slots = 3});
    Ring ring(queue.get(), layout::kFreeRing);
    Taken others;
    interrupt(skip, [&] { others = Ring(queue.get(), layout::kFreeRing).take(fill); });
    const Taken mine = ring.take(fill);
    if (fate.peer) {
      break;
    }
    ASSERT_EQ(mine.outcome, Outcome::done) << skip;
    ASSERT_EQ(others.outcome, Outcome::done) << skip;
    ASSERT_NE(mine.held.slot, others.held.slot) << skip;
    ASSERT_EQ(queue.count(QueuePhase::filling), 2U) << skip;
  }
}

TEST_F(QueueRingTest, TakesNothingAfterTheLastPosition) {
  EXPECT_EQ(ring_.take_until(kStart - 1, fill).outcome, Outcome::empty);
  EXPECT_EQ(ring_.take_until(kStart + 1, fill).held.slot, 0U);
  EXPECT_EQ(ring_.take_until(kStart + 1, fill).held.slot, 1U);
  EXPECT_EQ(ring_.take_until(kStart + 1, fill).outcome, Outcome::empty);
}

TEST_F(QueueRingTest, FullRingIsCorrupt) {
  EXPECT_EQ(ring_.append(0, 1).outcome, Outcome::done);  // The fourth cell: none is left.
  EXPECT_EQ(ring_.append(0, 2).outcome, Outcome::corrupt);
}

TEST_F(QueueRingTest, HeadThatDoesNotMoveIsCorrupt) {
  cell(kStart).poke(layout::empty_cell(kStart + 8));
  EXPECT_EQ(ring_.take(fill).outcome, Outcome::corrupt);
  cell(kStart).poke(FullCell{.turn = queue_.get().capacity().turn(kStart) ^ 1U}.pack());
  EXPECT_EQ(ring_.take(fill).outcome, Outcome::corrupt);
}

TEST_F(QueueRingTest, EntryThatNamesNoSlotIsCorrupt) {
  cell(kStart).poke(FullCell{.turn = queue_.get().capacity().turn(kStart), .slot = 3}.pack());
  EXPECT_EQ(ring_.take(fill).outcome, Outcome::corrupt);
}

TEST_F(QueueRingTest, WordThatNamesNoLaneIsCorrupt) {
  queue_.set_word(0,
                  {.phase = QueuePhase::parked, .lane = 1, .sequence = TestQueue::kLastSequences});
  const std::uint64_t turn = queue_.get().capacity().turn(kStart);
  queue_.get()
      .cell(layout::kParkedRing, kStart)
      .poke(FullCell{.turn = turn, .slot = 0, .sequence = TestQueue::kLastSequences}.pack());
  EXPECT_EQ(queue_.consumer(kMe).pop_parked().outcome, Outcome::corrupt);
}

// A peer that moves the tail on for ever.
TEST_F(QueueRingTest, FakedProgressIsCorrupt) {
  std::uint64_t faked = kStart + 3;
  std::function<void()> fake = [&] {
    line().tail.poke(++faked);
    cell(faked).poke(0);
    interrupt(0, fake);
  };
  interrupt(0, fake);
  EXPECT_EQ(ring_.append(0, 1).outcome, Outcome::corrupt);
}

}  // namespace
}  // namespace tenure::test
