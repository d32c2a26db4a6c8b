// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/sync/test_topic.hpp"

namespace tenure::test {
namespace {

using layout::Latest;
using layout::Phase;
using layout::SlotWord;

TEST(TopicWriter, PublishesFromVersionOneOn) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  for (std::uint64_t version = 1; version <= 10; ++version) {
    EXPECT_EQ(writer.next_version(), version);
    const std::size_t slot = publish(writer);
    EXPECT_EQ(topic.word(slot), (SlotWord{version, Phase::ready}));
    EXPECT_EQ(topic.latest(), (Latest{version, static_cast<std::uint32_t>(slot)}));
  }
}

TEST(TopicWriter, NeverClaimsTheNewestBundle) {
  TestTopic topic(2);
  Writer writer = topic.writer();
  for (int i = 0; i < 10; ++i) {
    const std::size_t newest = publish(writer);
    const auto next = writer.try_claim();
    ASSERT_TRUE(next);
    EXPECT_NE(*next, newest);
    writer.drop(*next);
  }
}

TEST(TopicWriter, OverwritesItsOnlySlot) {
  TestTopic topic(1);
  Writer writer = topic.writer();
  EXPECT_EQ(publish(writer), 0U);
  EXPECT_EQ(publish(writer), 0U);
  EXPECT_EQ(topic.word(0), (SlotWord{2, Phase::ready}));
}

TEST(TopicWriter, LeavesHeldSlotsAlone) {
  TestTopic topic(4);
  Writer writer = topic.writer();
  Reader reader = topic.reader(0);
  publish(writer);
  const auto held = reader.view_latest();
  ASSERT_EQ(held.attempt, sync::Attempt::done);
  for (int i = 0; i < 12; ++i) {
    EXPECT_NE(publish(writer), held.slot);
  }
  EXPECT_TRUE(reader.let_go(held.slot, held.version));
}

TEST(TopicWriter, HasNoSlotWhileAllAreHeld) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  Reader reader = topic.reader(2);
  publish(writer);
  const auto first = reader.view_latest();
  publish(writer);
  const auto second = reader.view_latest();
  publish(writer);
  EXPECT_FALSE(writer.could_claim());
  EXPECT_FALSE(writer.try_claim());
  EXPECT_TRUE(reader.let_go(first.slot, first.version));
  EXPECT_TRUE(writer.could_claim());
  EXPECT_EQ(writer.try_claim(), first.slot);
  EXPECT_TRUE(reader.let_go(second.slot, second.version));
}

TEST(TopicWriter, KeepsSeveralDraftsApart) {
  TestTopic topic(4);
  Writer writer = topic.writer();
  std::set<std::size_t> drafts;
  while (const auto slot = writer.try_claim()) {
    EXPECT_TRUE(drafts.insert(*slot).second);
  }
  EXPECT_EQ(drafts.size(), 4U);  // Nothing is published yet, so no slot is the newest.
}

// A viewer that sets its hold between the publisher's first scan and its claim.
TEST(TopicWriter, RestoresASlotThatWasHeldMeanwhile) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  sync::register_entry(topic.head(), topic.bell(), 1, false);
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  const std::size_t oldest = (topic.latest().slot + 1) % 3;
  const SlotWord before = topic.word(oldest);
  HookedAtomics::at(1, [&] {  // The fence after the claim is stored.
    EXPECT_EQ(topic.word(oldest), (SlotWord{before.version, Phase::claimed}));
    topic.bell().entry(1).holds.store(std::uint64_t{1} << oldest);
  });
  const auto claimed = writer.try_claim();
  EXPECT_EQ(topic.word(oldest), before);
  ASSERT_TRUE(claimed);
  EXPECT_NE(*claimed, oldest);
}

TEST(TopicWriter, IgnoresHoldsOfEntriesThatAreNotRegistered) {
  TestTopic topic(2);
  Writer writer = topic.writer();
  publish(writer);
  topic.bell().entry(3).holds.store(~std::uint64_t{0});
  EXPECT_TRUE(writer.try_claim());
}

TEST(TopicWriter, DroppedDraftFreesItsSlot) {
  TestTopic topic(2);
  Writer writer = topic.writer();
  publish(writer);
  const auto slot = writer.try_claim();
  writer.drop(*slot);
  EXPECT_EQ(topic.word(*slot).phase, Phase::free);
  EXPECT_EQ(publish(writer), *slot);
  EXPECT_EQ(topic.latest().version, 2U);
}

TEST(TopicWriter, DroppedDraftPoisonsTheOnlySlot) {
  TestTopic topic(1);
  Writer writer = topic.writer();
  writer.drop(writer.try_claim().value());
  EXPECT_EQ(topic.word(0).phase, Phase::free);  // Nothing was published yet: nothing is lost.
  publish(writer);
  writer.drop(writer.try_claim().value());
  EXPECT_EQ(topic.word(0).phase, Phase::poisoned);
  publish(writer);
  EXPECT_EQ(topic.word(0), (SlotWord{2, Phase::ready}));
}

TEST(TopicWriter, LosslessWaitsUntilEveryoneHasSeen) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader quick = topic.reader(0);
  Reader slow = topic.reader(1);
  for (int i = 0; i < 3; ++i) {
    publish(writer);
    const auto seen = quick.view_next();
    ASSERT_EQ(seen.attempt, sync::Attempt::done);
    EXPECT_EQ(seen.version, static_cast<std::uint64_t>(i + 1));
    EXPECT_TRUE(quick.let_go(seen.slot, seen.version));
  }
  EXPECT_FALSE(writer.try_claim());
  const auto seen = slow.view_next();
  EXPECT_EQ(seen.version, 1U);
  EXPECT_FALSE(writer.try_claim());  // Seen, but held.
  EXPECT_TRUE(slow.let_go(seen.slot, seen.version));
  EXPECT_EQ(writer.try_claim(), seen.slot);
}

// A subscriber that registers between the publisher's scan and its claim has seen nothing yet.
TEST(TopicWriter, LosslessRespectsARegistrationMeanwhile) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  HookedAtomics::at(1, [&] { sync::register_entry(topic.head(), topic.bell(), 2, false); });
  EXPECT_FALSE(writer.try_claim());
  for (std::size_t slot = 0; slot < 3; ++slot) {
    EXPECT_EQ(topic.word(slot).phase, Phase::ready);
  }
}

TEST(TopicWriter, DropsThoseWhoLagUnderTheLimit) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader slow = topic.reader(1);
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  ASSERT_FALSE(writer.try_claim());
  EXPECT_EQ(writer.drop_laggards(), 1U);
  publish(writer);  // v4, over v1.
  const auto told = slow.view_next();
  EXPECT_EQ(told.attempt, sync::Attempt::dropped);
  EXPECT_EQ(told.missed, 1U);
  const auto next = slow.view_next();
  EXPECT_EQ(next.version, 2U);
  EXPECT_TRUE(slow.let_go(next.slot, next.version));
  EXPECT_TRUE(writer.could_claim());
}

// The broker has registered it, and it has not yet said where it starts. Found by the model
// (tests/model, run lossless-start-stores): what it says then must not undo the drop.
TEST(TopicWriter, LaggardDroppedWhileItStartsIsTold) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  sync::register_entry(topic.head(), topic.bell(), 0, true);
  Reader slow(topic.head(), &topic.bell(), 0, 3, true);
  HookedAtomics::at(0, [&] { EXPECT_EQ(writer.drop_laggards(), 1U); });
  slow.start(true);
  publish(writer);  // v4, over v1.
  const auto told = slow.view_next();
  EXPECT_EQ(told.attempt, sync::Attempt::dropped);
  EXPECT_EQ(told.missed, 1U);
  EXPECT_EQ(slow.view_next().version, 2U);
}

// It has seen what it holds, so the oldest bundle is not what the publisher waits for.
TEST(TopicWriter, DropsALaggardThatHoldsTheOldest) {
  TestTopic topic(4, 4, true);
  Writer writer = topic.writer();
  Reader slow = topic.reader(0);
  publish(writer);
  const auto held = slow.view_next();
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  ASSERT_FALSE(writer.could_claim());
  EXPECT_EQ(writer.drop_laggards(), 1U);
  EXPECT_NE(publish(writer), held.slot);
  EXPECT_TRUE(slow.let_go(held.slot, held.version));
}

TEST(TopicWriter, DropsNobodyWhoseBundlesAreAllHeld) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader holder = topic.reader(0);
  for (int i = 0; i < 2; ++i) {
    publish(writer);
    ASSERT_EQ(holder.view_next().attempt, sync::Attempt::done);
  }
  publish(writer);
  ASSERT_FALSE(writer.could_claim());
  EXPECT_EQ(writer.drop_laggards(), 0U);  // It would free nothing.
}

TEST(TopicWriter, DropsNobodyWithoutALimit) {
  TestTopic topic(3, 4, true);
  Writer writer = topic.writer();
  Reader slow = topic.reader(1);
  sync::set_bit(topic.head().limited, 1, false);
  for (int i = 0; i < 3; ++i) {
    publish(writer);
  }
  EXPECT_EQ(writer.drop_laggards(), 0U);
  EXPECT_EQ(slow.view_next().version, 1U);
}

TEST(TopicWriter, TakesOverWhereTheLastPublisherEnded) {
  TestTopic topic(4);
  {
    Writer first = topic.writer();
    publish(first);
    publish(first);
    ASSERT_TRUE(first.try_claim());  // Dies here.
  }
  sync::repair_publisher(topic.head(), 4);
  Writer second = topic.writer();
  publish(second);
  EXPECT_EQ(topic.latest().version, 3U);
}

TEST(TopicWriter, KnowsTheLastVersion) {
  TestTopic topic(2);
  topic.head().newest.latest.store(Latest{layout::kMaxVersion, 1}.pack());
  EXPECT_FALSE(topic.writer().can_publish_more());
  topic.head().newest.latest.store(Latest{layout::kMaxVersion - 1, 1}.pack());
  EXPECT_TRUE(topic.writer().can_publish_more());
}

TEST(TopicWriter, RingsOnlyWhenSomebodySleeps) {
  TestTopic topic(3);
  Writer writer = topic.writer();
  publish(writer);
  EXPECT_EQ(topic.head().bell.wake.load(), 0U);
  EXPECT_EQ(sync::announce_sleep(topic.head().bell.wake, topic.bell().readers.flags), 0U);
  publish(writer);
  EXPECT_EQ(topic.head().bell.wake.load(), 1U);
  EXPECT_EQ(topic.bell().readers.flags.load(), 0U);
  EXPECT_EQ(topic.head().bell.wakes.load(), 1U);
  publish(writer);
  EXPECT_EQ(topic.head().bell.wake.load(), 1U);
}

}  // namespace
}  // namespace tenure::test
