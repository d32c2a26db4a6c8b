// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "proto/sync/topic_status.hpp"
#include "tests/unit/sync/test_topic.hpp"

namespace tenure::test {
namespace {

using layout::Latest;
using layout::Phase;
using layout::SlotWord;

TEST(TopicRepair, HalfWrittenSlotBecomesFree) {
  TestTopic topic(3);
  topic.head().newest.latest.store(Latest{4, 0}.pack());
  topic.set_word(0, {4, Phase::ready});
  topic.set_word(1, {0, Phase::writing});
  topic.set_word(2, {3, Phase::ready});
  sync::repair_publisher(topic.head(), 3);
  EXPECT_EQ(topic.word(0), (SlotWord{4, Phase::ready}));
  EXPECT_EQ(topic.word(1), (SlotWord{0, Phase::free}));
  EXPECT_EQ(topic.word(2), (SlotWord{3, Phase::ready}));
}

TEST(TopicRepair, ClaimedSlotIsReadyAgain) {
  TestTopic topic(3);
  topic.head().newest.latest.store(Latest{4, 0}.pack());
  topic.set_word(0, {4, Phase::ready});
  topic.set_word(1, {2, Phase::claimed});
  topic.set_word(2, {0, Phase::claimed});  // A free slot that was claimed.
  sync::repair_publisher(topic.head(), 3);
  EXPECT_EQ(topic.word(1), (SlotWord{2, Phase::ready}));
  EXPECT_EQ(topic.word(2), (SlotWord{0, Phase::free}));
}

TEST(TopicRepair, CommittedVersionBecomesLatest) {
  TestTopic topic(3);
  topic.head().newest.latest.store(Latest{4, 0}.pack());
  topic.set_word(0, {4, Phase::ready});
  topic.set_word(2, {5, Phase::ready});  // Died between the word and `latest`.
  sync::repair_publisher(topic.head(), 3);
  EXPECT_EQ(topic.latest(), (Latest{5, 2}));
}

TEST(TopicRepair, OnlySlotIsPoisoned) {
  TestTopic topic(1);
  topic.head().newest.latest.store(Latest{4, 0}.pack());
  topic.set_word(0, {0, Phase::writing});
  sync::repair_publisher(topic.head(), 1);
  EXPECT_EQ(topic.word(0).phase, Phase::poisoned);
  EXPECT_EQ(topic.latest(), (Latest{4, 0}));
}

TEST(TopicRepair, OnlySlotThatNeverHeldAnythingIsFree) {
  TestTopic topic(1);
  topic.set_word(0, {0, Phase::writing});
  sync::repair_publisher(topic.head(), 1);
  EXPECT_EQ(topic.word(0).phase, Phase::free);
}

TEST(TopicRepair, UnknownPhasesAreFreed) {
  TestTopic topic(2);
  topic.head().slots[1].word.store(0xFFFF'FFFF'FFFF'FFFF);
  sync::repair_publisher(topic.head(), 2);
  EXPECT_EQ(topic.word(1), SlotWord{});
}

TEST(TopicRepair, RepairingTwiceChangesNothing) {
  TestTopic topic(4);
  topic.head().newest.latest.store(Latest{4, 0}.pack());
  topic.set_word(0, {4, Phase::ready});
  topic.set_word(1, {5, Phase::ready});
  topic.set_word(2, {0, Phase::writing});
  topic.set_word(3, {3, Phase::claimed});
  sync::repair_publisher(topic.head(), 4);
  const auto latest = topic.latest();
  std::array<SlotWord, 4> words{topic.word(0), topic.word(1), topic.word(2), topic.word(3)};
  sync::repair_publisher(topic.head(), 4);
  EXPECT_EQ(topic.latest(), latest);
  for (std::size_t slot = 0; slot < 4; ++slot) {
    EXPECT_EQ(topic.word(slot), words[slot]);
  }
}

TEST(TopicRepair, RegisteredEntryHasSeenNothing) {
  TestTopic topic(3, 130);
  topic.bell().entry(129).seen.store(77);
  topic.bell().entry(129).holds.store(5);
  sync::register_entry(topic.head(), topic.bell(), 129, true);
  EXPECT_EQ(sync::count_joined(topic.head(), topic.bell(), 130), 0U);  // Not started yet.
  EXPECT_EQ(topic.head().registered[2].load(), 2U);
  EXPECT_EQ(topic.head().limited[2].load(), 2U);
  const auto needs = sync::scan_needs(topic.head(), topic.bell(), 130);
  EXPECT_EQ(needs.held, 0U);
  EXPECT_EQ(needs.seen_by_all, 0U);
}

TEST(TopicRepair, UnregisteredEntryHindersNobody) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader reader = topic.reader(1);
  publish(writer);
  ASSERT_EQ(reader.view_latest().attempt, sync::Attempt::done);  // Dies here.
  publish(writer);
  publish(writer);
  EXPECT_FALSE(writer.try_claim());
  sync::unregister_entry(topic.head(), topic.bell(), 1);
  EXPECT_TRUE(writer.try_claim());
  EXPECT_EQ(topic.bell().entry(1).holds.load(), 0U);
}

TEST(TopicRepair, RingWakesBothDirections) {
  TestTopic topic(3);
  sync::ring(topic.head(), topic.bell());
  EXPECT_EQ(topic.head().bell.wake.load(), 1U);
  EXPECT_EQ(topic.bell().release.wake.load(), 1U);
}

TEST(TopicInheritance, VersionsGoOnOverAFence) {
  TestTopic old(3);
  Writer writer = old.writer();
  for (int i = 0; i < 5; ++i) {
    publish(writer);
  }
  const auto newest_only = sync::read_inheritance(old.head(), 3, false);
  EXPECT_EQ(newest_only.newest, old.latest());
  EXPECT_EQ(newest_only.slots, std::uint64_t{1} << old.latest().slot);
  const auto all = sync::read_inheritance(old.head(), 3, true);
  EXPECT_EQ(all.slots, 7U);
  TestTopic fresh(3);
  sync::inherit(fresh.head(), old.head(), all);
  Writer next = fresh.writer();
  EXPECT_EQ(next.next_version(), 6U);
}

TEST(TopicInheritance, PoisonedOnlySlotKeepsItsVersion) {
  TestTopic old(1);
  Writer writer = old.writer();
  publish(writer);
  writer.drop(writer.try_claim().value());
  TestTopic fresh(1);
  sync::inherit(fresh.head(), old.head(), sync::read_inheritance(old.head(), 1, false));
  EXPECT_EQ(fresh.word(0).phase, Phase::poisoned);
  Writer next = fresh.writer();
  EXPECT_EQ(next.next_version(), 2U);
}

TEST(TopicInheritance, RubbishIsLeftBehind) {
  TestTopic old(3);
  old.head().newest.latest.store(Latest{9, 50}.pack());
  old.set_word(1, {12, Phase::ready});  // Above `latest`.
  const auto taken = sync::read_inheritance(old.head(), 3, true);
  EXPECT_EQ(taken.slots, 0U);
  EXPECT_EQ(taken.newest, Latest{});
}

}  // namespace
}  // namespace tenure::test
