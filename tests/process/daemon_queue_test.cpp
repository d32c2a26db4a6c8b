// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/process/daemon_queue_fixture.hpp"

namespace tenure::support {
namespace {

using sync::Outcome;
using ::testing::SizeIs;
using wire::OpenAs;

class DaemonQueue : public DaemonQueueTest {};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonQueue);

TEST_P(DaemonQueue, CreateSaysTheSizesAndMayBeRepeated) {
  EXPECT_FALSE(created.existed);
  EXPECT_GT(created.slot_bytes, 0U);
  EXPECT_GE(created.size_bytes, 4 * created.slot_bytes);
  EXPECT_EQ(used_bytes(), created.size_bytes);
  const auto again = client.ask_for<wire::Created>(small_queue("q"));
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.id, created.id);
  EXPECT_EQ(again.slot_bytes, created.slot_bytes);
}

TEST_P(DaemonQueue, OtherOptionsAndOtherKindsExist) {
  auto other = small_queue("q");
  other.options.lanes = 1;
  EXPECT_EQ(client.refusal(other).detail, "q: lanes: 2 there, 1 asked for");
  EXPECT_EQ(client.refusal(small_topic("q")).detail, "q: kind: queue there, topic asked for");
}

TEST_P(DaemonQueue, BadOptionsNameTheField) {
  auto bad = small_queue("bad");
  bad.options.slots = 65'536;
  const Error error = client.refusal(bad);
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "bad: slots: 65536; 1 to 65535 are allowed");
}

TEST_P(DaemonQueue, OpenedSaysAllThatTheRulesDependOn) {
  auto asked = small_queue("other", Consume::in_place);
  asked.options.max_deliveries = 3;
  asked.options.when_full = WhenFull::drop_oldest;
  asked.options.stamp = Stamp::monotonic;
  const auto made = client.ask_for<wire::Created>(asked);
  const RawQueue role = open_queue(client, "other", OpenAs::produce, 1);
  EXPECT_EQ(role.opened.id, made.id);
  EXPECT_EQ(role.opened.incarnation, 1U);
  EXPECT_EQ(role.opened.slots, 4U);
  EXPECT_EQ(role.opened.lanes, 2U);
  EXPECT_EQ(role.opened.max_deliveries, 3U);
  EXPECT_EQ(role.opened.slot_stride_bytes, made.slot_bytes);
  EXPECT_EQ(role.opened.attribute_bytes, 256U);
  EXPECT_EQ(role.opened.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(role.opened.consume, Consume::in_place);
  EXPECT_EQ(role.opened.stamp, Stamp::monotonic);
  EXPECT_EQ(role.opened.owner, 1U);
  EXPECT_EQ(role.opened.schema, asked.options.schema);
  EXPECT_EQ(role.head_map.size_bytes() + role.data_map.size_bytes(), made.size_bytes);
}

TEST_P(DaemonQueue, LanesAndKindsAreChecked) {
  EXPECT_EQ(client.refusal(wire::Open{.name = "q", .as = OpenAs::consume, .lane = 2}).detail,
            "q: lane: 2; 0 to 1 are allowed");
  EXPECT_EQ(client.refusal(wire::Open{.name = "q", .as = OpenAs::produce}).code, Errc::bad_request);
  const Error error = client.refusal(wire::Open{.name = "q", .as = OpenAs::subscribe});
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_EQ(error.detail, "q: it is a queue");
  EXPECT_THAT(open_queue(client, "q", OpenAs::consume, std::nullopt).fds, SizeIs(2));
}

TEST_P(DaemonQueue, BundlesGoFromOneToTheOther) {
  RawClient other(broker.socket(), "worker");
  const RawQueue producer = open_queue(client, "q", OpenAs::produce, 1);
  const RawQueue consumer = open_queue(other, "q", OpenAs::consume, 1);
  EXPECT_NE(producer.opened.owner, consumer.opened.owner);
  producer.data_map.data()[0] = std::byte{7};  // The first slot that is claimed.
  producer.push(1);
  const sync::Taken item = consumer.consumer().pop(1);
  ASSERT_EQ(item.outcome, Outcome::done);
  EXPECT_EQ(consumer.data_map.data()[item.held.slot * consumer.opened.slot_stride_bytes],
            std::byte{7});
  ASSERT_EQ(consumer.consumer().ack(item.held), Outcome::done);
  EXPECT_EQ(stat().queued, 1U);
  EXPECT_EQ(stat().taken, 1U);
  EXPECT_EQ(stat().acked, 1U);
}

TEST_P(DaemonQueue, ProducerMayWaitForTheName) {
  RawClient other(broker.socket());
  const auto waiting = other.send(wire::Open{
      .name = "later", .as = OpenAs::produce, .timeout = std::chrono::seconds(20), .lane = 0});
  static_cast<void>(other.ask_for<wire::Welcome>(wire::Ping{}));
  static_cast<void>(client.ask_for<wire::Created>(small_queue("later")));
  EXPECT_TRUE(std::holds_alternative<wire::OpenedQueue>(other.reply(waiting)));
}

TEST_P(DaemonQueue, LargeSchemaTravelsInASealedMemfdBothWays) {
  auto queue = small_queue("large");
  queue.options.schema.clear();
  for (int i = 0; i < 4096; ++i) {
    queue.options.schema.push_back({"tensor" + std::to_string(i), DType::float32, {4, 4}});
  }
  const std::string text = wire::encode_schema(queue.options.schema);
  const os::UniqueFd memfd(::memfd_create("schema", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::write(memfd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ASSERT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
  auto request = queue;
  request.options.schema.clear();
  request.schema_in_fd = true;
  ASSERT_TRUE(std::holds_alternative<wire::Created>(client.ask(request, {memfd.get()})));
  const RawQueue role = open_queue(client, "large", OpenAs::produce);
  ASSERT_TRUE(role.opened.schema_fd.has_value());
  std::string received(text.size(), '\0');
  ASSERT_EQ(::pread(role.fds.at(*role.opened.schema_fd).get(), received.data(), text.size(), 0),
            static_cast<ssize_t>(text.size()));
  EXPECT_EQ(received, text);
  EXPECT_TRUE(client.ask_for<wire::Inspected>(wire::Inspect{.name = "large"}).schema_fd);
}

TEST_P(DaemonQueue, ClientThatReadsNothingIsGrantedNoMoreUntilItDoes) {
  RawClient slow(broker.socket(), "slow");
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(slow.send(wire::Open{.name = "q", .as = OpenAs::produce, .lane = 0}));
  }
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  std::uint32_t owner = 0;
  for (const std::uint64_t id : ids) {
    const auto answer = slow.reply(id);
    ASSERT_TRUE(std::holds_alternative<wire::OpenedQueue>(answer));
    EXPECT_EQ(std::get<wire::OpenedQueue>(answer).owner, ++owner);
    EXPECT_THAT(slow.fds(), SizeIs(2));
  }
}

TEST_P(DaemonQueue, RolesTakeNoFileDescriptorsOfTheBroker) {
  static_cast<void>(open_queue(client, "q", OpenAs::consume));  // What readers share.
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  const long before = fd_count();
  if (before < 0) {
    GTEST_SKIP() << "this user may not count the broker's fds";
  }
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(open_queue(client, "q", OpenAs::produce));
    static_cast<void>(open_queue(client, "q", OpenAs::consume));
  }
  EXPECT_TRUE(eventually([&] { return fd_count() == before; })) << fd_count() << " of " << before;
}

}  // namespace
}  // namespace tenure::support
