// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <string>

#include "tests/process/daemon_queue_fixture.hpp"

namespace tenure::support {
namespace {

using layout::QueuePhase;
using sync::Outcome;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using wire::OpenAs;

class DaemonQueueDeath : public DaemonQueueTest {};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonQueueDeath);

TEST_P(DaemonQueueDeath, KilledProducersDraftIsFreedAndKilledConsumersItemComesAgain) {
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  producer.push();
  Child child = run_until_killed([](RawClient& own) {
    static RawQueue filler;
    filler = open_queue(own, "q", OpenAs::produce);
    static_cast<void>(filler.producer().try_claim());
    static RawQueue worker;
    worker = open_queue(own, "q", OpenAs::consume);
    static_cast<void>(worker.consumer().pop(0));
  });
  EXPECT_EQ(producer.count(QueuePhase::filling), 1U);
  EXPECT_EQ(producer.count(QueuePhase::taken), 1U);
  child.kill();
  EXPECT_TRUE(eventually([&] { return producer.count(QueuePhase::filling) == 0; }));
  EXPECT_TRUE(eventually([&] { return producer.count(QueuePhase::again) == 1; }));
  EXPECT_TRUE(broker.wait_for_log("info queue_repaired name=q id=" + std::to_string(created.id) +
                                  " ended=2 freed=1 again=1 parked=0 poisoned=0 listed=0"))
      << "both at once\n"
      << broker.log();
  const RawQueue consumer = open_queue(client, "q", OpenAs::consume);
  EXPECT_EQ(consumer.opened.owner, 2U) << "it is free again";
  const sync::Taken again = consumer.consumer().pop(0);
  ASSERT_EQ(again.outcome, Outcome::done);
  EXPECT_EQ(again.held.word.deliveries, 2);
}

TEST_P(DaemonQueueDeath, HalfChangedBundleOfAKilledConsumerIsPoisoned) {
  static_cast<void>(client.ask_for<wire::Created>(small_queue("stages", Consume::in_place)));
  const RawQueue producer = open_queue(client, "stages", OpenAs::produce);
  producer.push();
  Child child = run_until_killed([](RawClient& own) {
    static RawQueue worker;
    worker = open_queue(own, "stages", OpenAs::consume);
    sync::Taken item = worker.consumer().pop(0);
    worker.consumer().mark_changing(item.held);
    worker.data_map.data()[0] = std::byte{1};  // It may.
  });
  child.kill();
  EXPECT_TRUE(eventually([&] { return producer.count(QueuePhase::poisoned) == 1; }));
  EXPECT_EQ(inspect("stages").parked, 1U);
  EXPECT_EQ(inspect("stages").poisoned, 1U);
}

TEST_P(DaemonQueueDeath, ClosedRoleIsRepairedBeforeTheAnswer) {
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  const RawQueue other = open_queue(client, "q", OpenAs::produce);
  ASSERT_EQ(other.producer().try_claim().outcome, Outcome::done);
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = other.opened.handle}));
  EXPECT_EQ(producer.count(QueuePhase::filling), 0U);
  EXPECT_EQ(stat().cancelled, 1U);
  EXPECT_EQ(open_queue(client, "q", OpenAs::consume).opened.owner, other.opened.owner);
}

TEST_P(DaemonQueueDeath, NothingToRepairIsNoNews) {
  const RawQueue role = open_queue(client, "q", OpenAs::produce);
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  EXPECT_THAT(broker.log(), ::testing::Not(HasSubstr("queue_repaired")));
}

TEST_P(DaemonQueueDeath, BrokenQueueIsWarnedOfAndHarmsNobody) {
  const RawQueue role = open_queue(client, "q", OpenAs::produce);
  for (std::uint64_t cell = 0; cell < 8; ++cell) {
    role.memory->cell(layout::kFreeRing, cell).store(~std::uint64_t{0}, std::memory_order_relaxed);
  }
  const layout::QueueWord word{.phase = QueuePhase::filling,
                               .owner = static_cast<std::uint16_t>(role.opened.owner)};
  role.memory->slot(0).word.store(word.pack(), std::memory_order_release);
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  EXPECT_TRUE(broker.wait_for_log("queue_corrupt name=q"));
  EXPECT_EQ(inspect().slots, 4U);
}

TEST_P(DaemonQueueDeath, DisconnectedLivingSessionKeepsItsSlots) {
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  {
    RawClient other(broker.socket(), "absent");
    const RawQueue filler = open_queue(other, "q", OpenAs::produce);
    ASSERT_EQ(filler.producer().try_claim().outcome, Outcome::done);
  }
  ASSERT_TRUE(broker.wait_for_log("session_disconnected"));
  EXPECT_EQ(producer.count(QueuePhase::filling), 1U);
  const SegmentInfo info = inspect();
  ASSERT_THAT(info.participants, SizeIs(2));
  EXPECT_EQ(info.participants[1].peer.name, "absent");
  EXPECT_EQ(info.participants[1].filling, 1U);
}

TEST_P(DaemonQueueDeath, RemovedQueueGoesOnForWhoHasItOpen) {
  RawClient other(broker.socket(), "worker");
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  const RawQueue consumer = open_queue(other, "q", OpenAs::consume);
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "q"}));
  EXPECT_EQ(other.event().what, Event::What::removed);
  EXPECT_EQ(client.refusal(wire::Open{.name = "q", .as = OpenAs::consume}).code, Errc::not_found);
  producer.push();
  EXPECT_EQ(consumer.consumer().pop(0).outcome, Outcome::done);
  static_cast<void>(other.ask_for<wire::Done>(wire::Close{.handle = consumer.opened.handle}));
  EXPECT_EQ(producer.count(QueuePhase::again), 1U) << "repaired all the same";
  EXPECT_EQ(used_bytes(), created.size_bytes);
}

TEST_P(DaemonQueueDeath, MemoryIsGivenBackOnceNobodyCanWriteIt) {
  RawQueue role = open_queue(client, "q", OpenAs::consume);
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "q"}));
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  ASSERT_TRUE(broker.wait_for_log("memory_kept id=" + std::to_string(created.id)))
      << "every consumer writes the head";
  EXPECT_EQ(used_bytes(), created.size_bytes);
  role = RawQueue();
  if (is_masked()) {
    client = RawClient(broker.socket());  // Without leases only the end of its session tells.
  }
  EXPECT_TRUE(eventually([&] { return used_bytes() == 0; }));
}

TEST_P(DaemonQueueDeath, WhoLivesIsRememberedAsAWriterAmongManyWhoCameAndWent) {
  RawClient living(broker.socket(), "living");
  const RawQueue kept = open_queue(living, "q", OpenAs::consume);
  for (int i = 0; i < 50; ++i) {
    RawClient passing(broker.socket(), "passing");
    const RawQueue role = open_queue(passing, "q", OpenAs::consume);
    static_cast<void>(passing.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  }
  static_cast<void>(living.ask_for<wire::Done>(wire::Close{.handle = kept.opened.handle}));
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "q"}));
  ASSERT_TRUE(broker.wait_for_log("memory_kept id=" + std::to_string(created.id)));
  EXPECT_EQ(used_bytes(), created.size_bytes) << "it still maps the head";
}

TEST_P(DaemonQueueDeath, MemoryIsChargedToAWriterWhoLivesNotToTheLastOne) {
  if (::geteuid() != 0 || is_masked()) {
    GTEST_SKIP() << "only root is several users; and masked, each packet says whose it is";
  }
  const auto connect_as = [this](::uid_t uid) {
    EXPECT_EQ(::seteuid(uid), 0);
    RawClient other(broker.socket(), "of " + std::to_string(uid));
    EXPECT_EQ(::seteuid(0), 0);
    return other;
  };
  wire::CreateQueue shared = small_queue("shared");
  shared.options.terms.mode = 0777;
  const auto made = client.ask_for<wire::Created>(shared);
  RawClient keeps = connect_as(54'321);
  const RawQueue kept = open_queue(keeps, "shared", OpenAs::consume);
  {
    RawClient passing = connect_as(54'322);
    const RawQueue role = open_queue(passing, "shared", OpenAs::consume);
    static_cast<void>(passing.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  }
  ASSERT_TRUE(broker.wait_for_log("session_ended"));
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "shared"}));
  static_cast<void>(keeps.ask_for<wire::Done>(wire::Close{.handle = kept.opened.handle}));
  EXPECT_TRUE(
      broker.wait_for_log("memory_kept id=" + std::to_string(made.id) + " incarnation=1 uid=54321"))
      << broker.log();
}

}  // namespace
}  // namespace tenure::support
