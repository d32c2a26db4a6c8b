// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class RegistryLifetime : public RegistryTest {
 protected:
  bool exists(const std::string& name) {
    const auto session = connect(1);
    const bool found = registry.find(session, name).has_value();
    registry.remove_session(session);
    return found;
  }
};

TEST_F(RegistryLifetime, SessionSegmentGoesWithItsLastCreator) {
  const auto first = connect(1);
  const auto second = connect(1);
  must_declare(first, "a", options());
  must_declare(second, "a", options());
  registry.remove_session(first);
  EXPECT_TRUE(exists("a"));
  registry.remove_session(second);
  EXPECT_FALSE(exists("a"));
  EXPECT_THAT(registry.take_effects().released, SizeIs(1));
}

TEST_F(RegistryLifetime, SessionSegmentStaysForItsUsers) {
  const auto creator = connect(1);
  const auto user = connect(1);
  must_declare(creator, "a", options());
  const Handle handle = must_open(user, "a", kSubscribe);
  registry.remove_session(creator);
  EXPECT_TRUE(exists("a"));
  ASSERT_TRUE(registry.close(user, handle.id).has_value());
  EXPECT_FALSE(exists("a"));
}

TEST_F(RegistryLifetime, CreatorKeepsItWithoutUsers) {
  const auto creator = connect(1);
  must_declare(creator, "a", options());
  const Handle handle = must_open(creator, "a", kSubscribe);
  ASSERT_TRUE(registry.close(creator, handle.id).has_value());
  EXPECT_TRUE(exists("a"));
}

TEST_F(RegistryLifetime, PersistentSegmentStaysUntilRemoved) {
  const auto creator = connect(1);
  must_declare(creator, "a", options(Lifetime::persistent));
  registry.remove_session(creator);
  EXPECT_TRUE(exists("a"));
  ASSERT_TRUE(registry.remove(connect(1), "a").has_value());
  EXPECT_FALSE(exists("a"));
}

TEST_F(RegistryLifetime, CreatorThatDiesBeforeTheMemoryStandsLeavesNothing) {
  const auto creator = connect(1);
  const auto declared = registry.declare(ask(creator), {.name = "a", .options = options()});
  ASSERT_TRUE(declared.has_value());
  const std::uint64_t id = declared->segment->memory.segment;
  registry.remove_session(creator);
  EXPECT_THAT(registry.complete(id, true), IsEmpty());
  EXPECT_FALSE(exists("a"));
  EXPECT_THAT(registry.take_effects().released, ElementsAre(MemoryId{id, 1}));
}

TEST_F(RegistryLifetime, RemovedNameIsFreeAtOnceAndMemoryStaysForItsUsers) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  const Handle handle = must_open(session, "a", kSubscribe);
  static_cast<void>(registry.take_effects());
  ASSERT_TRUE(registry.remove(session, "a").has_value());
  Effects effects = registry.take_effects();
  EXPECT_THAT(effects.released, IsEmpty());
  ASSERT_THAT(effects.notices, SizeIs(1));
  EXPECT_EQ(effects.notices[0].event.what, Event::What::removed);
  EXPECT_EQ(effects.notices[0].session, session);
  must_declare(session, "a", options());
  ASSERT_TRUE(registry.close(session, handle.id).has_value());
  EXPECT_THAT(registry.take_effects().released, ElementsAre(handle.memory));
  EXPECT_TRUE(exists("a"));
}

TEST_F(RegistryLifetime, OnlyTheOwnerRemoves) {
  TopicOptions topic = options();
  topic.terms.mode = 0777;
  must_declare(connect(1), "a", topic);
  EXPECT_EQ(registry.remove(connect(2), "a").error().code, Errc::denied);
}

TEST_F(RegistryLifetime, BytesReturnWhenTheMemoryIsFreed) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  const std::uint64_t used = registry.used_bytes();
  ASSERT_TRUE(registry.remove(session, "a").has_value());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.released, SizeIs(1));
  EXPECT_EQ(registry.used_bytes(), used);
  registry.free_memory(effects.released[0]);
  EXPECT_EQ(registry.used_bytes(), 0U);
  registry.free_memory(effects.released[0]);
  EXPECT_EQ(registry.used_bytes(), 0U) << "freed once";
}

TEST_F(RegistryLifetime, KeptMemoryIsChargedToWhoKeepsIt) {
  const auto owner = connect(1);
  TopicOptions large = options();
  large.schema[0].shape = {6 * kMebibyte};
  must_declare(owner, "a", large);
  const MemoryId memory = registry.find(owner, "a").value()->memory;
  ASSERT_TRUE(registry.remove(owner, "a").has_value());
  registry.keep_memory(memory, 7);
  must_declare(owner, "b", large);
  EXPECT_EQ(declare(connect(7), "c", large).error().code, Errc::quota);
}

TEST_F(RegistryLifetime, PublisherGoneIsToldToReaders) {
  const auto writer = connect(1);
  const auto reader = connect(1);
  must_declare(writer, "a", options());
  must_open(writer, "a", kPublish);
  must_open(reader, "a", kSubscribe);
  must_open(reader, "a", kObserve);
  static_cast<void>(registry.take_effects());
  registry.remove_session(writer);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.notices, SizeIs(1)) << "once per session";
  EXPECT_EQ(effects.notices[0].session, reader);
  EXPECT_EQ(effects.notices[0].event.what, Event::What::publisher_gone);
}

TEST_F(RegistryLifetime, FenceMovesThePublisherAndTellsTheOthers) {
  const auto writer = connect(1);
  const auto reader = connect(1);
  must_declare(writer, "a", options());
  const Handle old_reader = must_open(reader, "a", kSubscribe);
  const Handle publisher = must_open(writer, "a", kPublish);
  static_cast<void>(registry.take_effects());
  const std::uint64_t used = registry.used_bytes();
  const auto fresh = registry.begin_fence(publisher.memory.segment);
  ASSERT_TRUE(fresh.has_value());
  EXPECT_EQ(fresh->incarnation, 2U);
  EXPECT_EQ(registry.used_bytes(), 2 * used) << "both are there for now";
  registry.finish_fence(publisher.memory.segment);
  Effects effects = registry.take_effects();
  ASSERT_THAT(effects.notices, SizeIs(1));
  EXPECT_EQ(effects.notices[0].session, reader);
  EXPECT_EQ(effects.notices[0].event.what, Event::What::superseded);
  EXPECT_EQ(registry.find_handle(publisher.id)->memory, *fresh);
  EXPECT_THAT(effects.released, IsEmpty()) << "the reader still has the old memory";
  EXPECT_EQ(must_open(reader, "a", kSubscribe).entry, 0U) << "fresh memory, fresh entries";
  ASSERT_TRUE(registry.close(reader, old_reader.id).has_value());
  EXPECT_THAT(registry.take_effects().released, ElementsAre(old_reader.memory));
}

TEST_F(RegistryLifetime, AbandonedFenceCostsNothing) {
  const auto writer = connect(1);
  must_declare(writer, "a", options());
  const Handle publisher = must_open(writer, "a", kPublish);
  const std::uint64_t used = registry.used_bytes();
  ASSERT_TRUE(registry.begin_fence(publisher.memory.segment).has_value());
  registry.abandon_fence(publisher.memory.segment);
  EXPECT_EQ(registry.used_bytes(), used);
  EXPECT_EQ(registry.find(writer, "a").value()->memory.incarnation, 1U);
}

TEST_F(RegistryLifetime, FenceOfASegmentThatIsRemovedMeanwhileReleasesBoth) {
  const auto writer = connect(1);
  must_declare(writer, "a", options());
  const Handle publisher = must_open(writer, "a", kPublish);
  ASSERT_TRUE(registry.begin_fence(publisher.memory.segment).has_value());
  ASSERT_TRUE(registry.remove(writer, "a").has_value());
  registry.remove_session(writer);
  Effects effects = registry.take_effects();
  EXPECT_THAT(effects.released, ElementsAre(publisher.memory));
  registry.finish_fence(publisher.memory.segment);
  effects = registry.take_effects();
  EXPECT_THAT(effects.released, ::testing::Contains(MemoryId{publisher.memory.segment, 2}));
  EXPECT_EQ(registry.find_by_id(publisher.memory.segment), nullptr);
}

TEST_F(RegistryLifetime, ListIsSortedPagedAndFiltered) {
  const auto session = connect(1);
  for (const char* name : {"cam/1", "cam/0", "weights", "cam/2"}) {
    must_declare(session, name, options());
  }
  const auto names = [&](const wire::List& request, std::size_t at_most) {
    std::vector<std::string> found;
    for (const Segment* segment : registry.match(session, request, at_most)) {
      found.push_back(segment->name);
    }
    return found;
  };
  EXPECT_THAT(names({.glob = "cam/*"}, 10), ElementsAre("cam/0", "cam/1", "cam/2"));
  EXPECT_THAT(names({.glob = "*", .after = "cam/1"}, 10), ElementsAre("cam/2", "weights"));
  EXPECT_THAT(names({}, 1), ElementsAre("cam/0"));
  EXPECT_EQ(registry.count_visible(session), 4U);
}

TEST_F(RegistryLifetime, DescriptionSaysWhatAndWho) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  must_open(session, "a", kPublish);
  must_open(session, "a", kSubscribe);
  const SegmentInfo info = registry.describe(*registry.find(session, "a").value());
  EXPECT_EQ(info.name, "a");
  EXPECT_EQ(info.users, 2U);
  EXPECT_EQ(info.slots, 4U);
  ASSERT_TRUE(info.publisher.has_value());
  EXPECT_EQ(info.publisher->name, "camera");
  EXPECT_EQ(info.terms.gid, 100U);
  EXPECT_GT(info.size_bytes, 4 * 64U);
}

TEST_F(RegistryLifetime, EverythingOfADeadSessionGoes) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  must_open(session, "a", kPublish);
  must_open(session, "a", kSubscribe);
  static_cast<void>(registry.take_effects());
  registry.remove_session(session);
  const Effects effects = registry.take_effects();
  EXPECT_THAT(effects.ended, SizeIs(2));
  EXPECT_THAT(effects.released, SizeIs(1));
  EXPECT_EQ(registry.session_count(), 0U);
  EXPECT_FALSE(registry.has_handles(session));
}

}  // namespace
}  // namespace tenure::core
