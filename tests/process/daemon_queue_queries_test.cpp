// SPDX-License-Identifier: Apache-2.0
#include "tests/process/daemon_queue_fixture.hpp"

namespace tenure::support {
namespace {

using sync::Outcome;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using wire::OpenAs;

class DaemonQueueQueries : public DaemonQueueTest {};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonQueueQueries);

TEST_P(DaemonQueueQueries, InspectShowsLanesAndParticipants) {
  RawClient other(broker.socket(), "worker");
  const RawQueue producer = open_queue(client, "q", OpenAs::produce, 1);
  const RawQueue consumer = open_queue(other, "q", OpenAs::consume, 1);
  const RawQueue undertaker = open_queue(other, "q", OpenAs::consume, std::nullopt);
  producer.push(1);
  producer.push(1);
  ASSERT_EQ(producer.producer().try_claim().outcome, Outcome::done);
  ASSERT_EQ(consumer.consumer().pop(1).outcome, Outcome::done);
  const SegmentInfo info = inspect();
  EXPECT_EQ(info.kind, Kind::queue);
  EXPECT_EQ(info.slots, 4U);
  EXPECT_EQ(info.users, 3U);
  EXPECT_EQ(info.slots_held, 3U);
  EXPECT_EQ(info.max_deliveries, 5U);
  EXPECT_FALSE(info.finished);
  EXPECT_THAT(info.schema, SizeIs(1));
  EXPECT_THAT(info.readers, IsEmpty());
  ASSERT_THAT(info.lanes, SizeIs(2));
  EXPECT_EQ(info.lanes[1].depth, 1U);
  EXPECT_EQ(info.lanes[1].taken, 1U);
  EXPECT_TRUE(info.lanes[1].age.has_value());
  ASSERT_THAT(info.participants, SizeIs(3));
  EXPECT_TRUE(info.participants[0].produces);
  EXPECT_EQ(info.participants[0].lane, 1U);
  EXPECT_EQ(info.participants[0].filling, 1U);
  EXPECT_EQ(info.participants[0].taken, 0U);
  EXPECT_FALSE(info.participants[1].produces);
  EXPECT_EQ(info.participants[1].peer.name, "worker");
  EXPECT_EQ(info.participants[1].taken, 1U);
  EXPECT_EQ(info.participants[2].lane, std::nullopt);
  producer.producer().finish();
  EXPECT_TRUE(inspect().finished);
}

TEST_P(DaemonQueueQueries, InspectPagesItsParticipants) {
  RawClient other(broker.socket(), "worker");
  std::vector<RawQueue> roles;
  for (int i = 0; i < 40; ++i) {
    roles.push_back(open_queue(other, "q", OpenAs::consume));
  }
  std::size_t participants = 0;
  std::uint64_t after = 0;
  for (;;) {
    const auto page =
        client.ask_for<wire::Inspected>(wire::Inspect{.name = "q", .after_handle = after});
    EXPECT_EQ(page.info.users, 40U);
    participants += page.info.participants.size();
    after = page.last_handle;
    if (!page.more) {
      break;
    }
  }
  EXPECT_EQ(participants, 40U);
}

TEST_P(DaemonQueueQueries, HoldersAreThoseWhoHaveSlotsInTheirHands) {
  RawClient other(broker.socket(), "worker");
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  const RawQueue consumer = open_queue(other, "q", OpenAs::consume);
  const RawQueue idle = open_queue(other, "q", OpenAs::consume);
  const wire::Holders request{.handle = producer.opened.handle};
  EXPECT_THAT(client.ask_for<wire::HeldBy>(request).participants, IsEmpty());
  producer.push();
  producer.push();
  ASSERT_EQ(producer.producer().try_claim().outcome, Outcome::done);
  ASSERT_EQ(consumer.consumer().pop(0).outcome, Outcome::done);
  ASSERT_EQ(consumer.consumer().pop(0).outcome, Outcome::done);
  const auto held = client.ask_for<wire::HeldBy>(request);
  EXPECT_THAT(held.readers, IsEmpty());
  ASSERT_THAT(held.participants, SizeIs(2));
  EXPECT_TRUE(held.participants[0].produces);
  EXPECT_EQ(held.participants[0].filling, 1U);
  EXPECT_EQ(held.participants[1].peer.name, "worker");
  EXPECT_EQ(held.participants[1].taken, 2U);
}

TEST_P(DaemonQueueQueries, ListShowsLanesWithoutParticipants) {
  const RawQueue producer = open_queue(client, "q", OpenAs::produce);
  producer.push();
  const auto listed = client.ask_for<wire::Listed>(wire::List{});
  ASSERT_THAT(listed.segments, SizeIs(1));
  EXPECT_EQ(listed.segments[0].kind, Kind::queue);
  ASSERT_THAT(listed.segments[0].lanes, SizeIs(2));
  EXPECT_EQ(listed.segments[0].lanes[0].depth, 1U);
  EXPECT_THAT(listed.segments[0].participants, IsEmpty());
}

}  // namespace
}  // namespace tenure::support
