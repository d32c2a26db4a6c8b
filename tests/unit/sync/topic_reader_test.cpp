// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/sync/test_topic.hpp"

namespace tenure::test {
namespace {

using layout::Latest;
using layout::Phase;
using layout::SlotWord;
using sync::Attempt;

TEST(TopicReader, FindsNothingBeforeTheFirstPublish) {
  TestTopic topic(3);
  Reader reader = topic.reader(0);
  EXPECT_FALSE(reader.look());
  EXPECT_EQ(reader.view_latest().attempt, Attempt::nothing_new);
  EXPECT_EQ(reader.view_next().attempt, Attempt::nothing_new);
  EXPECT_EQ(reader.snapshot([](std::size_t) {}).attempt, Attempt::nothing_new);
}

TEST(TopicReader, StartsAtTheNewestOrTheOldest) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  for (int i = 0; i < 5; ++i) {
    publish(writer);
  }
  EXPECT_EQ(topic.reader(0).view_next().version, 5U);
  Reader oldest = topic.reader(1, true);
  const auto first = oldest.view_next();
  EXPECT_EQ(first.version, 3U);
  EXPECT_EQ(first.missed, 0U);
  EXPECT_EQ(oldest.view_next().version, 4U);
}

TEST(TopicReader, JoinsOnceItHasStarted) {
  TestTopic topic(3);
  EXPECT_EQ(sync::count_joined(topic.head(), topic.bell(), 4), 0U);
  static_cast<void>(topic.reader(2));
  EXPECT_EQ(sync::count_joined(topic.head(), topic.bell(), 4), 1U);
  sync::unregister_entry(topic.head(), topic.bell(), 2);
  EXPECT_EQ(sync::count_joined(topic.head(), topic.bell(), 4), 0U);
}

TEST(TopicReader, NextCountsWhatWasOverwritten) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto first = reader.view_next();
  EXPECT_EQ(first.version, 1U);
  EXPECT_TRUE(reader.let_go(first.slot, first.version));
  for (int i = 0; i < 9; ++i) {
    publish(writer);
  }
  const auto next = reader.view_next();  // v10, v9 and v8 are kept.
  EXPECT_EQ(next.version, 8U);
  EXPECT_EQ(next.missed, 6U);
  EXPECT_EQ(reader.view_next().version, 9U);
  EXPECT_EQ(reader.view_next().version, 10U);
  EXPECT_EQ(reader.view_next().attempt, Attempt::nothing_new);
}

TEST(TopicReader, LatestAgainMissesNothing) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto one = reader.view_latest();
  const auto two = reader.view_latest();
  EXPECT_EQ(one.version, two.version);
  EXPECT_EQ(two.missed, 0U);
  EXPECT_FALSE(reader.look());
  EXPECT_TRUE(reader.let_go(one.slot, one.version));
  EXPECT_NE(topic.bell().entry(0).holds.load(), 0U);  // The second view still needs the slot.
  EXPECT_TRUE(reader.let_go(two.slot, two.version));
  EXPECT_EQ(topic.bell().entry(0).holds.load(), 0U);
}

// The publisher overwrites the slot between the load of `latest` and the hold.
TEST(TopicReader, FailedViewKeepsTheBitsOfOlderViews) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto older = reader.view_latest();
  publish(writer);
  const std::size_t newer = topic.latest().slot;
  HookedAtomics::at(0, [&] { topic.set_word(newer, {9, Phase::writing}); });
  EXPECT_EQ(reader.view_latest().attempt, Attempt::changed);
  EXPECT_EQ(topic.bell().entry(0).holds.load(), std::uint64_t{1} << older.slot);
}

TEST(TopicReader, ClaimedVersionCountsAsMissed) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  Reader behind = topic.reader(1, true);
  const std::size_t first = (topic.latest().slot + 1) % 3;
  HookedAtomics::at(0, [&] { topic.set_word(first, {1, Phase::claimed}); });
  EXPECT_EQ(behind.view_next().attempt, Attempt::changed);
  topic.set_word(first, {1, Phase::ready});  // Restored: it is missed all the same.
  const auto next = behind.view_next();
  EXPECT_EQ(next.version, 2U);
  EXPECT_EQ(next.missed, 1U);
}

TEST(TopicReader, LosslessLooksForAClaimedVersionAgain) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  publish(writer);
  const std::size_t first = 1;  // Slots are taken in turn, from 1 on.
  ASSERT_EQ(topic.word(first), (SlotWord{1, Phase::ready}));
  topic.set_word(first, {1, Phase::claimed});
  EXPECT_EQ(reader.view_next().attempt, Attempt::changed);
  EXPECT_FALSE(reader.is_next_there());
  topic.set_word(first, {1, Phase::ready});
  EXPECT_TRUE(reader.is_next_there());
  EXPECT_EQ(reader.view_next().version, 1U);
}

// A dishonest publisher names a bundle that is not there: whoever missed it must not find it "new".
TEST(TopicReader, LooksForNothingThatItHasMissed) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  const std::size_t slot = publish(writer);
  topic.set_word(slot, {0, Phase::writing});
  EXPECT_EQ(reader.view_next().attempt, Attempt::changed);
  EXPECT_EQ(reader.view_next().attempt, Attempt::nothing_new);
  EXPECT_FALSE(reader.look());
}

// v1 is held while everything after it is seen and overwritten: who starts at the oldest then must
// not ask for v2, which is gone.
TEST(TopicReader, LosslessStartsAtTheUnbrokenRun) {
  TestTopic topic(4, 4, true);
  Writer writer = topic.writer();
  Reader holder = topic.reader(0);
  publish(writer);
  const auto held = holder.view_next();
  ASSERT_EQ(held.version, 1U);
  for (std::uint64_t version = 2; version <= 5; ++version) {
    publish(writer);
    const auto seen = holder.view_next();
    ASSERT_EQ(seen.version, version);
    ASSERT_TRUE(holder.let_go(seen.slot, seen.version));
  }
  Reader late = topic.reader(1, true);
  EXPECT_EQ(late.view_next().version, 3U);
  EXPECT_EQ(late.view_next().version, 4U);
  EXPECT_EQ(late.view_next().version, 5U);
}

TEST(TopicReader, RetiredOneKeepsWhatItHoldsAndNothingElse) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto held = reader.view_next();
  publish(writer);
  publish(writer);
  EXPECT_FALSE(writer.could_claim());
  reader.retire();
  EXPECT_NE(publish(writer), held.slot);
  EXPECT_NE(publish(writer), held.slot);
  EXPECT_TRUE(reader.let_go(held.slot, held.version));
}

TEST(TopicReader, NextTakesNothingAboveLatest) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  // Committed, but `latest` does not name it yet.
  topic.set_word(0, {2, Phase::ready});
  EXPECT_EQ(reader.view_next().version, 1U);
  EXPECT_EQ(reader.view_next().attempt, Attempt::nothing_new);
}

TEST(TopicReader, LetGoFindsADishonestWriter) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto view = reader.view_latest();
  topic.set_word(view.slot, {1, Phase::claimed});
  EXPECT_TRUE(reader.let_go(view.slot, view.version));  // A claim changes no byte.
  topic.set_word(view.slot, {1, Phase::ready});
  const auto again = reader.view_latest();
  topic.set_word(view.slot, {7, Phase::writing});
  EXPECT_FALSE(reader.let_go(again.slot, again.version));
  EXPECT_EQ(topic.bell().entry(0).torn.load(), 1U);
}

TEST(TopicReader, SnapshotIsDiscardedWhenItsSlotChanged) {
  TestTopic topic(2);
  Writer writer = topic.writer();
  Reader reader(topic.head(), nullptr, 0, 2, false);  // An observer.
  reader.start(false);
  publish(writer);
  const auto changed =
      reader.snapshot([&](std::size_t slot) { topic.set_word(slot, {3, Phase::ready}); });
  EXPECT_EQ(changed.attempt, Attempt::changed);
  topic.set_word(topic.latest().slot, {1, Phase::ready});
  const auto whole =
      reader.snapshot([&](std::size_t slot) { topic.set_word(slot, {1, Phase::claimed}); });
  EXPECT_EQ(whole.attempt, Attempt::done);
  EXPECT_EQ(whole.version, 1U);
  EXPECT_FALSE(reader.look());
}

TEST(TopicReader, SnapshotTakesOnlyTheVersionThatLatestNames) {
  TestTopic topic(2);
  Writer writer = topic.writer();
  Reader reader(topic.head(), nullptr, 0, 2, false);
  publish(writer);
  topic.set_word(topic.latest().slot, {5, Phase::ready});
  EXPECT_EQ(reader.snapshot([](std::size_t) { FAIL(); }).attempt, Attempt::changed);
}

TEST(TopicReader, PoisonedOnlySlotIsSaid) {
  TestTopic topic(1);
  Writer writer = topic.writer();
  publish(writer);
  writer.drop(writer.try_claim().value());
  Reader reader(topic.head(), nullptr, 0, 1, false);
  EXPECT_EQ(reader.snapshot([](std::size_t) {}).attempt, Attempt::poisoned);
}

TEST(TopicReader, RubbishInLatestIsNeverFollowed) {
  TestTopic topic(3);
  Reader reader = topic.reader(0);
  topic.head().newest.latest.store(Latest{5, 63}.pack());
  EXPECT_EQ(reader.view_latest().attempt, Attempt::changed);
  EXPECT_EQ(reader.view_next().attempt, Attempt::changed);
  EXPECT_EQ(reader.snapshot([](std::size_t) { FAIL(); }).attempt, Attempt::changed);
}

TEST(TopicReader, ResumesAfterTheVersionSeenBefore) {
  TestTopic topic(4, 4, true);
  Writer writer = topic.writer();
  for (int i = 0; i < 4; ++i) {
    publish(writer);
  }
  sync::register_entry(topic.head(), topic.bell(), 0, false);
  Reader reader(topic.head(), &topic.bell(), 0, 4, true);
  reader.resume(2);
  EXPECT_EQ(topic.bell().entry(0).seen.load(), 2U);
  EXPECT_EQ(reader.view_next().version, 3U);
}

// In fresh memory, after a fence: others have published meanwhile.
TEST(TopicReader, CountsWhatItMissedBeforeItResumed) {
  TestTopic topic(3, 4);
  Writer writer = topic.writer();
  for (int i = 0; i < 7; ++i) {
    publish(writer);
  }
  Reader reader = topic.reader(0);
  reader.resume(2);
  const sync::Found found = reader.view_next();
  EXPECT_EQ(found.version, 5U);
  EXPECT_EQ(found.missed, 2U);
}

TEST(TopicReader, LosslessSaysWhatWasLostBeforeItResumed) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  for (int i = 0; i < 7; ++i) {
    publish(writer);
  }
  sync::register_entry(topic.head(), topic.bell(), 0, false);
  Reader reader(topic.head(), &topic.bell(), 0, 3, true);
  reader.resume(2);
  EXPECT_EQ(topic.bell().entry(0).seen.load(), 4U);
  EXPECT_EQ(reader.seen(), 2U) << "what is lost is not said yet";
  EXPECT_TRUE(reader.is_next_there());
  const sync::Found lost = reader.view_next();
  EXPECT_EQ(lost.attempt, Attempt::dropped);
  EXPECT_EQ(lost.missed, 2U);
  EXPECT_EQ(reader.seen(), 4U);
  const sync::Found next = reader.view_next();
  EXPECT_EQ(next.version, 5U);
  EXPECT_EQ(next.missed, 0U);
}

TEST(TopicReader, WakesAWaitingPublisherWhenItLetsGo) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto view = reader.view_latest();
  static_cast<void>(sync::announce_sleep(topic.bell().release.wake, topic.bell().release.flags));
  EXPECT_TRUE(reader.let_go(view.slot, view.version));
  EXPECT_EQ(topic.bell().release.wake.load(), 1U);
  EXPECT_EQ(topic.bell().release.flags.load(), 0U);
}

}  // namespace
}  // namespace tenure::test
