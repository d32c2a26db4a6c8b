// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr wire::OpenAs kProduce = wire::OpenAs::produce;
constexpr wire::OpenAs kConsume = wire::OpenAs::consume;
constexpr wire::OpenAs kLend = wire::OpenAs::lend;

class RegistryQueues : public RegistryTest {
 protected:
  static QueueOptions queue(Lifetime lifetime = Lifetime::session) {
    QueueOptions queue{.schema = {{"x", DType::uint8, {64}}}, .slots = 4, .lanes = 2};
    queue.terms.lifetime = lifetime;
    return queue;
  }
  static BufferOptions buffer() { return {.size_bytes = 4096}; }

  using Opened = Result<std::optional<Handle>>;

  Opened open_lane(std::uint32_t session,
                   wire::OpenAs as,
                   std::optional<std::uint32_t> lane = 0,
                   Time timeout = Time::zero()) {
    return registry.open(
        ask(session), {.name = "q", .as = as, .timeout = timeout, .lane = lane}, now);
  }
  Handle must_open_lane(std::uint32_t session,
                        wire::OpenAs as,
                        std::optional<std::uint32_t> lane = 0) {
    const Opened opened = open_lane(session, as, lane);
    EXPECT_TRUE(opened.has_value() && opened->has_value());
    return opened ? opened->value_or(Handle{}) : Handle{};
  }
  Error refusal_of(std::uint32_t session, wire::OpenAs as, std::optional<std::uint32_t> lane = 0) {
    const Opened opened = open_lane(session, as, lane);
    EXPECT_FALSE(opened.has_value());
    return opened ? Error{} : opened.error();
  }
};

TEST_F(RegistryQueues, EqualDeclarationSucceedsAndChangesNothing) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  const std::uint64_t used = registry.used_bytes();
  const auto again = declare(session, "q", queue());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(registry.used_bytes(), used);
}

TEST_F(RegistryQueues, ExistsNamesTheFirstDifference) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  QueueOptions other = queue();
  other.slots = 5;
  const Error error = declare(session, "q", other).error();
  EXPECT_EQ(error.code, Errc::exists);
  EXPECT_EQ(error.detail, "slots: 4 there, 5 asked for");
}

TEST_F(RegistryQueues, ExistsNamesTheKindFirst) {
  const auto session = connect(1);
  must_declare(session, "topic", options());
  must_declare(session, "queue", queue());
  must_declare(session, "buffer", buffer());
  const auto refused = [&](const std::string& name, const OfKind& asked) {
    const Error error = declare(session, name, asked).error();
    EXPECT_EQ(error.code, Errc::exists);
    return error.detail;
  };
  EXPECT_EQ(refused("topic", queue()), "kind: topic there, queue asked for");
  EXPECT_EQ(refused("topic", buffer()), "kind: topic there, buffer asked for");
  EXPECT_EQ(refused("queue", options()), "kind: queue there, topic asked for");
  EXPECT_EQ(refused("queue", buffer()), "kind: queue there, buffer asked for");
  EXPECT_EQ(refused("buffer", options()), "kind: buffer there, topic asked for");
  EXPECT_EQ(refused("buffer", queue()), "kind: buffer there, queue asked for");
}

TEST_F(RegistryQueues, RefusedOptionsLeaveNoName) {
  const auto session = connect(1);
  QueueOptions bad = queue();
  bad.lanes = 9;
  EXPECT_EQ(declare(session, "q", bad).error().code, Errc::bad_request);
  EXPECT_EQ(refusal_of(session, kProduce).code, Errc::not_found);
  EXPECT_EQ(registry.used_bytes(), 0U);
}

TEST_F(RegistryQueues, MemoryIsChargedWithTwoFileDescriptorsAtRest) {
  Limits few = limits();
  few.fds = 2 + 2 * 4;  // A session, and two queues: two memfds each, two that readers share.
  Registry small(few);
  const auto session = small.add_session({.uid = 1, .pid = 1}).value();
  const auto create = [&](const std::string& name) {
    return small.declare(ask(session), {.name = name, .options = queue()});
  };
  const auto first = create("a");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(small.used_bytes(), first->segment->queue->shape().total_bytes());
  ASSERT_TRUE(create("b").has_value());
  const auto third = create("c");
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, Errc::too_many);
}

TEST_F(RegistryQueues, RolesOfOtherKindsAreUnsupported) {
  const auto session = connect(1);
  must_declare(session, "topic", options());
  must_declare(session, "q", queue());
  must_declare(session, "buffer", buffer());
  const auto refused = [&](const std::string& name, wire::OpenAs as) {
    const auto opened = open(session, name, as);
    EXPECT_EQ(opened ? Errc{0} : opened.error().code, Errc::unsupported);
    return opened ? std::string() : opened.error().detail;
  };
  for (const wire::OpenAs as : {kProduce, kConsume}) {
    EXPECT_EQ(refused("topic", as), "it is a topic");
    EXPECT_EQ(refused("buffer", as), "it is a buffer");
  }
  for (const wire::OpenAs as : {kPublish, kSubscribe, kObserve, kLend}) {
    EXPECT_EQ(refused("q", as), "it is a queue");
  }
  EXPECT_EQ(refused("topic", kLend), "it is a topic");
  EXPECT_EQ(refused("buffer", kSubscribe), "it is a buffer");
}

TEST_F(RegistryQueues, ProducingTakesTheRightToWrite) {
  QueueOptions shared = queue();
  shared.terms.mode = 0725;  // The group writes, others read and hold.
  must_declare(connect(1, 100), "q", shared);
  must_open_lane(connect(2, 100), kProduce);
  EXPECT_EQ(refusal_of(connect(3, 300), kProduce).detail, "uid 3 has r-x, needs -w-");
}

TEST_F(RegistryQueues, ConsumingTakesTheRightsToReadAndHold) {
  QueueOptions shared = queue();
  shared.terms.mode = 0745;  // The group reads, others read and hold.
  must_declare(connect(1, 100), "q", shared);
  const Error error = refusal_of(connect(2, 100), kConsume);
  EXPECT_EQ(error.code, Errc::denied);
  EXPECT_EQ(error.detail, "uid 2 has r--, needs r-x");
  must_open_lane(connect(3, 300), kConsume);
}

TEST_F(RegistryQueues, ConsumingTakesTheRightToWriteWhereBundlesAreChanged) {
  for (const Consume consume : {Consume::in_place, Consume::repeatable}) {
    QueueOptions shared = queue();
    shared.consume = consume;
    shared.terms.mode = 0775;
    const auto owner = connect(1, 100);
    must_declare(owner, "q", shared);
    const auto stranger = connect(3, 300);
    EXPECT_EQ(refusal_of(stranger, kConsume).detail, "uid 3 has r-x, needs rwx");
    EXPECT_EQ(refusal_of(stranger, kConsume, std::nullopt).code, Errc::denied) << "parked, too";
    const auto member = connect(2, 100);
    must_open_lane(member, kConsume);
    registry.remove_session(member);
    registry.remove_session(stranger);
    registry.remove_session(owner);
  }
}

TEST_F(RegistryQueues, LanesAreThoseOfTheQueue) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  EXPECT_EQ(must_open_lane(session, kProduce, 1).lane, 1U);
  const Error error = refusal_of(session, kConsume, 2);
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "lane: 2; 0 to 1 are allowed");
  EXPECT_EQ(refusal_of(session, kProduce, 2).code, Errc::bad_request);
  QueueOptions single = queue();
  single.lanes = 1;
  must_declare(session, "single", single);
  const auto opened =
      registry.open(ask(session), {.name = "single", .as = kConsume, .lane = 1}, now);
  EXPECT_EQ(opened.error().detail, "lane: 1; only 0 is allowed");
}

TEST_F(RegistryQueues, WithoutALaneItIsTheParkedBundlesForConsumersOnly) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  EXPECT_EQ(must_open_lane(session, kConsume, std::nullopt).lane, std::nullopt);
  const Error error = refusal_of(session, kProduce, std::nullopt);
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "lane: none; 0 to 1 are allowed");
}

TEST_F(RegistryQueues, EveryRoleHasAnOwnerIndexOfItsOwn) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  EXPECT_EQ(must_open_lane(session, kProduce).owner, 1);
  EXPECT_EQ(must_open_lane(session, kConsume).owner, 2);
  EXPECT_EQ(must_open_lane(connect(1), kConsume, std::nullopt).owner, 3);
  must_declare(session, "topic", options());
  EXPECT_EQ(must_open(session, "topic", kSubscribe).owner, 0);
}

TEST_F(RegistryQueues, OwnerIndexIsFreeAgainWhenItsRoleHasEnded) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  const Handle first = must_open_lane(session, kProduce);
  must_open_lane(session, kProduce);
  ASSERT_TRUE(registry.close(session, first.id).has_value());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.ended, SizeIs(1));
  EXPECT_EQ(effects.ended[0].owner, first.owner) << "to be repaired before it is used again";
  EXPECT_EQ(must_open_lane(session, kConsume).owner, first.owner);
}

TEST_F(RegistryQueues, DeadSessionEndsAllItsRoles) {
  const auto owner = connect(1);
  must_declare(owner, "q", queue());
  const auto session = connect(1);
  must_open_lane(session, kProduce);
  must_open_lane(session, kConsume);
  registry.remove_session(session);
  EXPECT_THAT(registry.take_effects().ended, SizeIs(2));
  EXPECT_EQ(must_open_lane(owner, kProduce).owner, 1);
}

TEST_F(RegistryQueues, DisconnectedSessionKeepsItsRoles) {
  const auto owner = connect(1);
  must_declare(owner, "q", queue());
  const auto session = connect(1);
  must_open_lane(session, kProduce);
  registry.set_disconnected(session, now);
  must_open_lane(owner, kProduce);
  registry.expire(now + 60s);
  EXPECT_THAT(registry.take_effects().ended, SizeIs(0));
  EXPECT_TRUE(registry.has_holdings(session));
}

TEST_F(RegistryQueues, ManyProduceAndNobodyIsToldWhenOneEnds) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  const Handle first = must_open_lane(session, kProduce);
  must_open_lane(connect(1), kProduce);
  ASSERT_TRUE(registry.close(session, first.id).has_value());
  EXPECT_THAT(registry.take_effects().notices, SizeIs(0));
}

TEST_F(RegistryQueues, WaitsForTheNameAlone) {
  const auto session = connect(1);
  const Opened waiting = open_lane(session, kConsume, 1, 5s);
  ASSERT_TRUE(waiting.has_value());
  EXPECT_FALSE(waiting->has_value());
  must_declare(connect(1), "q", queue());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  const auto* handle = std::get_if<Handle>(&effects.outcomes[0].result);
  ASSERT_NE(handle, nullptr);
  EXPECT_EQ(handle->owner, 1);
  EXPECT_EQ(handle->lane, 1U);
}

TEST_F(RegistryQueues, WaiterLearnsWhatIsWrongWhenTheNameAppears) {
  ASSERT_TRUE(open_lane(connect(1), kConsume, 7, 5s).has_value());
  must_declare(connect(1), "q", queue());
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(std::get<Error>(effects.outcomes[0].result).code, Errc::bad_request);
}

TEST_F(RegistryQueues, WaitingInVainTimesOut) {
  ASSERT_TRUE(open_lane(connect(1), kProduce, 0, 5s).has_value());
  registry.expire(now + 5s);
  const Effects effects = registry.take_effects();
  ASSERT_THAT(effects.outcomes, SizeIs(1));
  EXPECT_EQ(std::get<Error>(effects.outcomes[0].result).code, Errc::timed_out);
}

TEST_F(RegistryQueues, RemovedQueueLivesUntilItsLastUserIsGone) {
  const auto session = connect(1);
  must_declare(session, "q", queue());
  const Handle handle = must_open_lane(session, kConsume);
  ASSERT_TRUE(registry.remove(session, "q").has_value());
  Effects effects = registry.take_effects();
  ASSERT_THAT(effects.notices, SizeIs(1));
  EXPECT_EQ(effects.notices[0].event.what, Event::What::removed);
  EXPECT_THAT(effects.released, SizeIs(0));
  EXPECT_EQ(refusal_of(session, kProduce).code, Errc::not_found);
  ASSERT_TRUE(registry.close(session, handle.id).has_value());
  effects = registry.take_effects();
  ASSERT_THAT(effects.released, SizeIs(1));
  EXPECT_EQ(effects.released[0].id, handle.memory);
}

TEST_F(RegistryQueues, SessionLifetimeEndsWithTheLastCreatorAndUser) {
  const auto creator = connect(1);
  const auto user = connect(1);
  must_declare(creator, "q", queue());
  must_open_lane(user, kProduce);
  registry.remove_session(creator);
  EXPECT_THAT(registry.take_effects().released, SizeIs(0));
  registry.remove_session(user);
  EXPECT_THAT(registry.take_effects().released, SizeIs(1));
}

TEST_F(RegistryQueues, DescriptionIsTheOptions) {
  const auto session = connect(1);
  QueueOptions asked = queue();
  asked.consume = Consume::in_place;
  asked.when_full = WhenFull::drop_oldest;
  asked.max_deliveries = 3;
  must_declare(session, "q", asked);
  must_open_lane(session, kProduce);
  const SegmentInfo info = registry.describe(*registry.find(session, "q").value());
  EXPECT_EQ(info.kind, Kind::queue);
  EXPECT_EQ(info.slots, 4U);
  EXPECT_EQ(info.users, 1U);
  EXPECT_EQ(info.consume, Consume::in_place);
  EXPECT_EQ(info.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(info.max_deliveries, 3U);
  EXPECT_EQ(info.schema, asked.schema);
  EXPECT_GT(info.size_bytes, 4096U);
  EXPECT_FALSE(info.publisher.has_value());
}

}  // namespace
}  // namespace tenure::core
