// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/queue_word.hpp"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>

#include "proto/layout/queue_waiting.hpp"

namespace tenure::layout {
namespace {

TEST(QueueWord, ZeroIsFreeAndTheBrokers) {
  EXPECT_EQ(QueueWord::unpack(0), QueueWord{});
  EXPECT_EQ(QueueWord{}.pack(), 0U);
}

TEST(QueueWord, KeepsEachFieldAtItsEnds) {
  for (const auto phase : {QueuePhase::queued, QueuePhase::taken, QueuePhase::examined}) {
    for (const std::uint8_t lane : {std::uint8_t{0}, std::uint8_t{7}}) {
      const QueueWord word{.phase = phase,
                           .lane = lane,
                           .deliveries = 127,
                           .owner = 0xffff,
                           .sequence = kSequenceMask};
      EXPECT_EQ(QueueWord::unpack(word.pack()), word);
      const QueueWord bare{.phase = phase, .lane = lane};
      EXPECT_EQ(QueueWord::unpack(bare.pack()), bare);
    }
  }
  for (const auto phase : {QueuePhase::free, QueuePhase::filling, QueuePhase::examined_poisoned}) {
    const QueueWord word{.phase = phase, .deliveries = 1, .owner = 2, .sequence = 3};
    EXPECT_EQ(QueueWord::unpack(word.pack()), word);
  }
}

TEST(QueueWord, PacksThePhaseOnTop) {
  const QueueWord word{
      .phase = QueuePhase::taken, .lane = 1, .deliveries = 2, .owner = 3, .sequence = 4};
  EXPECT_EQ(word.pack(), 0xa410'0018'0000'0004U);
}

TEST(QueueWord, EveryWordSurvives) {
  for (std::uint64_t code = 0; code < 64; ++code) {
    const std::uint64_t word = code << 58U | 0x03ab'cdef'0123'4567U;
    EXPECT_EQ(QueueWord::unpack(word).pack(), word) << code;
  }
}

TEST(QueueWord, SequenceWraps) {
  EXPECT_EQ((QueueWord{.sequence = kSequenceMask}.next_sequence()), 0U);
  EXPECT_EQ((QueueWord{.sequence = 4}.next_sequence()), 5U);
}

TEST(QueueWord, NamesTheRingThatListsIt) {
  EXPECT_EQ(QueueWord{}.ring(), kFreeRing);
  EXPECT_EQ((QueueWord{.phase = QueuePhase::queued, .lane = 3}.ring()), lane_ring(3));
  EXPECT_EQ((QueueWord{.phase = QueuePhase::again, .lane = 3}.ring()), again_ring(3));
  EXPECT_EQ((QueueWord{.phase = QueuePhase::parked, .lane = 3}.ring()), kParkedRing);
  EXPECT_EQ((QueueWord{.phase = QueuePhase::poisoned, .lane = 3}.ring()), kParkedRing);
  EXPECT_FALSE((QueueWord{.phase = QueuePhase::filling}.is_listed()));
  EXPECT_FALSE((QueueWord{.phase = QueuePhase::taken}.is_listed()));
}

TEST(RingName, EachRingHasItsPlace) {
  std::set<std::size_t> places{kFreeRing.index(), kParkedRing.index()};
  for (std::size_t lane = 0; lane < kMaxLanes; ++lane) {
    places.insert(lane_ring(lane).index());
    places.insert(again_ring(lane).index());
    EXPECT_EQ(lane_ring(lane).wait_index(), again_ring(lane).wait_index());
  }
  EXPECT_EQ(places.size(), 2 + 2 * kMaxLanes);
  EXPECT_EQ(*places.rbegin(), 1 + 2 * kMaxLanes);
}

TEST(Waiting, KeepsEachFieldAtItsEnds) {
  const Waiting all{.epoch = 0xffff'ffff, .sleepers = 0xffff, .pollers = 0xffff};
  EXPECT_EQ(Waiting::unpack(all.pack()), all);
  EXPECT_EQ((Waiting{.epoch = 1, .sleepers = 2, .pollers = 3}.pack()), 0x1'0002'0003U);
}

}  // namespace
}  // namespace tenure::layout
