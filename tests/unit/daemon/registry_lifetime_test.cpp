// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
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
  EXPECT_THAT(registry.take_effects().released, ElementsAre(Field(&Released::id, MemoryId{id, 1})));
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
  EXPECT_THAT(registry.take_effects().released, ElementsAre(Field(&Released::id, handle.memory)));
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
  registry.free_memory(effects.released[0].id);
  EXPECT_EQ(registry.used_bytes(), 0U);
  registry.free_memory(effects.released[0].id);
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

class RegistryFence : public RegistryTest {
 protected:
  // A topic whose publisher is to be let in, and cannot be yet.
  void SetUp() override {
    must_declare(writer, "a", options());
    old_reader = must_open(reader, "a", kSubscribe);
    static_cast<void>(registry.take_effects());
    used = registry.used_bytes();
  }
  void begin(Time timeout = Time::zero()) {
    const auto opened = open(writer, "a", kPublish, timeout);
    ASSERT_TRUE(opened.has_value() && opened->has_value());
    publisher = **opened;
    const auto begun = registry.begin_fence(publisher);
    ASSERT_TRUE(begun.has_value());
    fresh = *begun;
  }
  // Who was let in by what happened last, and onto which memory.
  std::optional<Handle> let_in() {
    for (const Outcome& outcome : registry.take_effects().outcomes) {
      if (const auto* handle = std::get_if<Handle>(&outcome.result)) {
        return *handle;
      }
    }
    return std::nullopt;
  }
  Errc refused_by_outcome() {
    const Effects effects = registry.take_effects();
    const auto* error =
        effects.outcomes.empty() ? nullptr : std::get_if<Error>(&effects.outcomes[0].result);
    return error == nullptr ? Errc{0} : error->code;
  }

  std::uint32_t writer = connect(1);
  std::uint32_t reader = connect(1);
  Handle old_reader;
  Handle publisher;
  MemoryId fresh;
  std::uint64_t used = 0;
};

TEST_F(RegistryFence, LetsThePublisherInAndTellsTheOthers) {
  begin();
  EXPECT_EQ(fresh.incarnation, 2U);
  EXPECT_EQ(registry.used_bytes(), 2 * used) << "both are there for now";
  registry.finish_fence(fresh.segment);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.notices, SizeIs(1));
  EXPECT_EQ(effects.notices[0].session, reader);
  EXPECT_EQ(effects.notices[0].event.what, Event::What::superseded);
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(effects.outcomes[0].asker, publisher.asker);
  EXPECT_EQ(std::get<Handle>(effects.outcomes[0].result).memory, fresh);
  EXPECT_THAT(effects.released, IsEmpty()) << "the reader still has the old memory";
  EXPECT_EQ(must_open(reader, "a", kSubscribe).entry, 0U) << "fresh memory, fresh entries";
  ASSERT_TRUE(registry.close(reader, old_reader.id).has_value());
  EXPECT_THAT(registry.take_effects().released,
              ElementsAre(Field(&Released::id, old_reader.memory)));
}

TEST_F(RegistryFence, AbandonedItCostsNothingAndRefusesWhoBeganIt) {
  begin();
  registry.abandon_fence(fresh.segment, Error{.code = Errc::no_memory});
  EXPECT_EQ(refused_by_outcome(), Errc::no_memory);
  EXPECT_EQ(registry.used_bytes(), used);
  EXPECT_EQ(registry.find(writer, "a").value()->memory.incarnation, 1U);
  must_open(writer, "a", kPublish);
}

TEST_F(RegistryFence, CanBeCancelledByWhoWaitsForIt) {
  begin();
  ASSERT_TRUE(registry.cancel(publisher.asker).has_value());
  EXPECT_EQ(refused_by_outcome(), Errc::cancelled);
  registry.finish_fence(fresh.segment);
  EXPECT_EQ(let_in(), std::nullopt);
  EXPECT_EQ(must_open(writer, "a", kPublish).memory, fresh);
}

TEST_F(RegistryFence, TimesOutWhoWaitsForIt) {
  begin(5s);
  EXPECT_EQ(registry.next_deadline(), now + 5s);
  registry.expire(now + 5s);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  const Error& error = std::get<Error>(effects.outcomes[0].result);
  EXPECT_EQ(error.code, Errc::timed_out);
  EXPECT_EQ(error.detail, "the move to fresh memory did not end within 5000 ms");
}

TEST_F(RegistryFence, WhoBeganItComesFirst) {
  begin();
  ASSERT_EQ(open(reader, "a", kPublish, 5s).value(), std::nullopt);
  registry.finish_fence(fresh.segment);
  const auto first = let_in();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->asker, publisher.asker);
}

TEST_F(RegistryFence, ReadersThatDoNotWaitGetTheOldMemory) {
  begin();
  EXPECT_EQ(must_open(reader, "a", kObserve).memory, old_reader.memory);
  ASSERT_EQ(open(reader, "a", kObserve, 5s).value(), std::nullopt)
      << "who waits gets the fresh one";
}

TEST_F(RegistryFence, WhoWaitsUnderAnIdThatWaitsIsRefused) {
  begin();
  const auto again = registry.open(publisher.asker, {.name = "a", .as = kObserve}, now);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::bad_request);
}

TEST_F(RegistryFence, KeepsASessionSegmentThatNobodyHasOpen) {
  ASSERT_TRUE(registry.close(reader, old_reader.id).has_value());
  begin();
  const auto publisher_of_another = connect(1);
  ASSERT_EQ(open(publisher_of_another, "a", kPublish, 5s).value(), std::nullopt);
  registry.remove_session(writer);
  registry.finish_fence(fresh.segment);
  const auto first = let_in();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->asker.session, publisher_of_another);
}

TEST_F(RegistryFence, OfASegmentThatIsRemovedMeanwhileReleasesBoth) {
  ASSERT_TRUE(registry.close(reader, old_reader.id).has_value());
  begin();
  ASSERT_TRUE(registry.remove(writer, "a").has_value());
  Effects effects = registry.take_effects();
  EXPECT_THAT(effects.released, ::testing::Contains(Field(&Released::id, publisher.memory)));
  ASSERT_THAT(effects.outcomes, SizeIs(1)) << "who did not want to wait does not";
  EXPECT_EQ(std::get<Error>(effects.outcomes[0].result).code, Errc::not_found);
  registry.remove_session(writer);
  registry.finish_fence(fresh.segment);
  effects = registry.take_effects();
  EXPECT_THAT(effects.released, ::testing::Contains(Field(&Released::id, fresh)));
  EXPECT_EQ(registry.find_by_id(fresh.segment), nullptr);
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
  EXPECT_FALSE(registry.has_holdings(session));
}

}  // namespace
}  // namespace tenure::core
