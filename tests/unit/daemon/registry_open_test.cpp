// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class RegistryOpen : public RegistryTest {
 protected:
  const Error& error_of(const Outcome& outcome) { return std::get<Error>(outcome.result); }
};

TEST_F(RegistryOpen, RightsAreAFilesByOwnerGroupAndOthers) {
  const auto owner = connect(1, 100);
  TopicOptions topic = options();
  topic.terms.mode = 0754;
  must_declare(owner, "a", topic);
  const auto member = connect(2, 100);
  const auto stranger = connect(3, 300);
  must_open(owner, "a", kPublish);
  must_open(member, "a", kSubscribe);
  EXPECT_EQ(refusal(member, "a", kPublish), Errc::denied);
  must_open(stranger, "a", kObserve);
  EXPECT_EQ(refusal(stranger, "a", kSubscribe), Errc::denied);
}

TEST_F(RegistryOpen, OwnerBitsCountForTheOwnerAlone) {
  const auto owner = connect(1, 100);
  TopicOptions topic = options();
  topic.terms.mode = 0077;
  must_declare(owner, "a", topic);
  EXPECT_EQ(refusal(owner, "a", kPublish), Errc::denied);
  must_open(connect(2, 100), "a", kPublish);
}

TEST_F(RegistryOpen, WithoutAnyRightTheNameIsNotThere) {
  must_declare(connect(1), "secret", options());
  const auto stranger = connect(2, 200);
  EXPECT_EQ(refusal(stranger, "secret", kObserve), Errc::not_found);
  EXPECT_EQ(open(stranger, "secres", kObserve).error().hint, "") << "a hint reveals nothing";
  EXPECT_EQ(registry.count_visible(stranger), 0U);
  EXPECT_THAT(registry.match(stranger, {}, 10), SizeIs(0));
  EXPECT_EQ(registry.remove(stranger, "secret").error().code, Errc::not_found);
}

TEST_F(RegistryOpen, UidZeroIsNotSpecial) {
  must_declare(connect(1), "a", options());
  EXPECT_EQ(refusal(connect(0, 0), "a", kObserve), Errc::not_found);
}

TEST_F(RegistryOpen, DeniedSaysWhatIsThereAndWhatIsNeeded) {
  TopicOptions topic = options();
  topic.terms.mode = 0704;
  must_declare(connect(1), "a", topic);
  const auto opened = open(connect(2, 200), "a", kSubscribe);
  EXPECT_EQ(opened.error().detail, "uid 2 has r--, needs r-x");
}

TEST_F(RegistryOpen, NearNameIsHinted) {
  const auto session = connect(1);
  must_declare(session, "cam/0", options());
  EXPECT_EQ(open(session, "cam/1", kObserve).error().hint, "cam/0 exists");
  EXPECT_EQ(open(session, "weights", kObserve).error().hint, "");
}

TEST_F(RegistryOpen, OnePublisherAtATimeAndTheErrorNamesIt) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  must_open(session, "a", kPublish);
  const auto second = open(connect(1), "a", kPublish);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::has_publisher);
  EXPECT_EQ(second.error().detail, "camera (session 1, pid 4702)");
}

TEST_F(RegistryOpen, TooFewSlotsForViewsButNotForObserving) {
  const auto session = connect(1);
  TopicOptions topic = options();
  topic.slots = 2;
  must_declare(session, "a", topic);
  const auto opened = open(session, "a", kSubscribe);
  EXPECT_EQ(opened.error().code, Errc::unsupported);
  EXPECT_THAT(opened.error().hint, HasSubstr("Access::observe"));
  must_open(session, "a", kObserve);
}

TEST_F(RegistryOpen, SubscribersAreCountedAndTheirEntriesUsedAgain) {
  const auto session = connect(1);
  TopicOptions topic = options();
  topic.subscribers = 2;
  must_declare(session, "a", topic);
  const Handle first = must_open(session, "a", kSubscribe);
  const Handle second = must_open(session, "a", kSubscribe);
  EXPECT_NE(first.entry, second.entry);
  const auto third = open(session, "a", kSubscribe);
  EXPECT_EQ(third.error().code, Errc::too_many);
  EXPECT_EQ(third.error().count, 2U);
  ASSERT_TRUE(registry.close(session, first.id).has_value());
  EXPECT_EQ(must_open(session, "a", kSubscribe).entry, first.entry);
}

TEST_F(RegistryOpen, RolesPerSessionAreLimited) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  for (int i = 0; i < 6; ++i) {
    must_open(session, "a", kObserve);
  }
  EXPECT_EQ(refusal(session, "a", kObserve), Errc::too_many);
}

TEST_F(RegistryOpen, WaitsForTheName) {
  const auto session = connect(1);
  const auto waiting = open(session, "a", kSubscribe, 5s);
  ASSERT_TRUE(waiting.has_value());
  EXPECT_FALSE(waiting->has_value());
  EXPECT_EQ(registry.next_deadline(), now + 5s);
  must_declare(connect(1), "a", options());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<Handle>(effects.outcomes[0].result));
  EXPECT_EQ(registry.next_deadline(), std::nullopt);
}

TEST_F(RegistryOpen, WaitingInVainTimesOut) {
  const auto session = connect(1);
  ASSERT_TRUE(open(session, "a", kSubscribe, 5s).has_value());
  registry.expire(now + 4s);
  EXPECT_THAT(registry.take_effects().outcomes, SizeIs(0));
  registry.expire(now + 5s);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(error_of(effects.outcomes[0]).code, Errc::timed_out);
  EXPECT_EQ(error_of(effects.outcomes[0]).detail, "no such name within 5000 ms");
}

TEST_F(RegistryOpen, WaitingForEverHasNoDeadline) {
  ASSERT_TRUE(open(connect(1), "a", kSubscribe, Time::max()).has_value());
  EXPECT_EQ(registry.next_deadline(), std::nullopt);
}

TEST_F(RegistryOpen, PublisherPlaceIsFirstComeFirstServed) {
  const auto first = connect(1);
  const auto second = connect(1);
  const auto third = connect(1);
  must_declare(first, "a", options());
  const Handle holder = must_open(first, "a", kPublish);
  ASSERT_TRUE(open(second, "a", kPublish, 9s).has_value());
  ASSERT_TRUE(open(third, "a", kPublish, 9s).has_value());
  static_cast<void>(registry.take_effects());
  ASSERT_TRUE(registry.close(first, holder.id).has_value());
  Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(effects.outcomes[0].asker.session, second);
  registry.remove_session(second);
  effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(effects.outcomes[0].asker.session, third);
}

TEST_F(RegistryOpen, TimedOutPublisherNamesTheHolder) {
  const auto first = connect(1);
  must_declare(first, "a", options());
  must_open(first, "a", kPublish);
  ASSERT_TRUE(open(connect(1), "a", kPublish, 9s).has_value());
  registry.expire(now + 9s);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(error_of(effects.outcomes[0]).detail,
            "camera (session 1, pid 4702) did not end within 9000 ms");
}

TEST_F(RegistryOpen, CancelledRequestIsAnsweredSo) {
  const auto session = connect(1);
  ASSERT_TRUE(open(session, "a", kSubscribe, 5s).has_value());
  const Asker waiting{.session = session, .request = last_request};
  ASSERT_TRUE(registry.cancel(waiting).has_value());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(effects.outcomes[0].asker, waiting);
  EXPECT_EQ(error_of(effects.outcomes[0]).code, Errc::cancelled);
  EXPECT_EQ(registry.cancel(waiting).error().code, Errc::not_found);
}

TEST_F(RegistryOpen, WaiterThatIsNotAllowedLearnsItWhenTheNameAppears) {
  const auto stranger = connect(2, 200);
  ASSERT_TRUE(open(stranger, "a", kPublish, 5s).has_value());
  TopicOptions topic = options();
  topic.terms.mode = 0704;
  must_declare(connect(1), "a", topic);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(error_of(effects.outcomes[0]).code, Errc::denied);
}

TEST_F(RegistryOpen, WaiterWithoutAnyRightLearnsNothing) {
  ASSERT_TRUE(open(connect(2, 200), "a", kPublish, 5s).has_value());
  must_declare(connect(1), "a", options());
  EXPECT_THAT(registry.take_effects().outcomes, SizeIs(0));
}

TEST_F(RegistryOpen, DeadSessionsWaitNoLonger) {
  const auto session = connect(1);
  ASSERT_TRUE(open(session, "a", kSubscribe, 5s).has_value());
  registry.remove_session(session);
  EXPECT_EQ(registry.next_deadline(), std::nullopt);
  must_declare(connect(1), "a", options());
  EXPECT_THAT(registry.take_effects().outcomes, SizeIs(0));
}

TEST_F(RegistryOpen, CloseOfAForeignHandleIsStale) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  const Handle handle = must_open(session, "a", kObserve);
  EXPECT_EQ(registry.close(connect(1), handle.id).error().code, Errc::stale);
  EXPECT_TRUE(registry.close(session, handle.id).has_value());
  EXPECT_EQ(registry.close(session, handle.id).error().code, Errc::stale);
}

TEST_F(RegistryOpen, DisconnectedPublisherKeepsItsPlaceForTenSeconds) {
  const auto first = connect(1);
  must_declare(first, "a", options());
  const Handle holder = must_open(first, "a", kPublish);
  registry.set_disconnected(first, now);
  EXPECT_EQ(registry.next_deadline(), std::nullopt) << "nobody waits";
  ASSERT_TRUE(open(connect(1), "a", kPublish, 60s).has_value());
  EXPECT_EQ(registry.next_deadline(), now + 10s);
  registry.expire(now + 9s);
  EXPECT_THAT(registry.take_effects().outcomes, SizeIs(0));
  registry.expire(now + 10s);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.ended, SizeIs(1));
  EXPECT_EQ(effects.ended[0].id, holder.id);
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<Handle>(effects.outcomes[0].result));
}

TEST_F(RegistryOpen, WhoeverWaitsLaterThanThatEvictsAtOnce) {
  const auto first = connect(1);
  must_declare(first, "a", options());
  const Handle holder = must_open(first, "a", kPublish);
  registry.set_disconnected(first, now);
  now += 60s;
  ASSERT_TRUE(open(connect(1), "a", kPublish, 60s).has_value());
  registry.expire(now);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.ended, SizeIs(1));
  EXPECT_EQ(effects.ended[0].id, holder.id);
}

TEST_F(RegistryOpen, EvictionIsOffWhenNobodyWaitsAnyMore) {
  const auto first = connect(1);
  const auto second = connect(1);
  must_declare(first, "a", options());
  must_open(first, "a", kPublish);
  registry.set_disconnected(first, now);
  ASSERT_TRUE(open(second, "a", kPublish, 60s).has_value());
  registry.stop_waiting(second);
  registry.expire(now + 10s);
  EXPECT_THAT(registry.take_effects().ended, SizeIs(0));
  EXPECT_EQ(registry.next_deadline(), std::nullopt);
}

TEST_F(RegistryOpen, HintTakesNoMoreThanSixtyFourComparisons) {
  Limits many = limits();
  many.segments_per_uid = 1000;
  many.budget_bytes = 1024 * kMebibyte;
  Registry large(many);
  const auto session = large.add_session({.uid = 1, .pid = 1}).value();
  const auto create = [&](const std::string& name) {
    const auto made = large.declare(ask(session), {.name = name, .options = options()});
    ASSERT_TRUE(made.has_value()) << made.error().message();
    static_cast<void>(large.complete(made->segment->memory.segment, true));
  };
  const auto hint = [&] {
    return large.open(ask(session), {.name = "zzzzzz", .as = kObserve}, now).error().hint;
  };
  create("zzzzyy");
  EXPECT_EQ(hint(), "zzzzyy exists");
  for (int i = 0; i < 64; ++i) {
    create("far" + std::to_string(100 + i));  // As long, before it, and nothing like it.
  }
  EXPECT_EQ(hint(), "");
}

}  // namespace
}  // namespace tenure::core
