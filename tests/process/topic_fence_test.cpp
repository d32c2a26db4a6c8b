// SPDX-License-Identifier: Apache-2.0
// Topics that get fresh memory because a publisher kept the old one writable.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

#include <tenure/tenure.hpp>

#include "client/lib/role_state.hpp"
#include "client/lib/topic_memory.hpp"
#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class TopicFence : public testing::Test {
 protected:
  // The memory of topic "t" as its publisher has it.
  [[nodiscard]] std::shared_ptr<detail::TopicMemory> open_as_publisher() const {
    const auto client =
        or_throw(detail::ClientState::connect({.socket = broker_.socket(), .name = "liar"}));
    return or_throw(detail::open_role<detail::TopicMemory>(
        *client, {.name = "t", .as = wire::OpenAs::publish, .timeout = 10s}));
  }
  // The publisher of "t" after the one that closed and kept a writable map.
  Publisher fenced_off(Publisher closing) {
    const std::uint64_t before = or_throw(client_.inspect("t")).incarnation;
    {
      const Publisher closed = std::move(closing);
    }
    const auto liar = open_as_publisher();
    liar->session().send_close(liar->opened().handle);
    Publisher next = or_throw(client_.publisher("t", {.timeout = 20s}));
    EXPECT_GT(or_throw(client_.inspect("t")).incarnation, before);
    return next;
  }

  support::PrivateBroker broker_{{.arguments = {"--budget", "64M"}}};
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "fence"}));
};

TEST_F(TopicFence, SupersededMemoryIsReopened) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  {
    Publisher first = or_throw(client_.publisher("t"));
    or_throw(publish_stamped(first, 1));
    const View seen = or_throw(subscriber.next(20s));
  }
  // A publisher that says it has closed, and keeps a writable map.
  auto liar = open_as_publisher();
  liar->session().send_close(liar->opened().handle);
  Publisher second = or_throw(client_.publisher("t", {.timeout = 20s}));
  EXPECT_TRUE(support::eventually([&] { return !subscriber.latest().has_value(); }));
  EXPECT_EQ(subscriber.latest().error().code, Errc::superseded);
  EXPECT_EQ(subscriber.next().error().code, Errc::superseded);
  EXPECT_EQ(subscriber.wait().error().code, Errc::superseded);
  or_throw(subscriber.reopen());
  EXPECT_TRUE(is_whole(or_throw(subscriber.latest()), 1));  // The newest came along.
  EXPECT_EQ(or_throw(publish_stamped(second, 2)), 2U);      // Versions go on.
  const View next = or_throw(subscriber.next(20s));
  EXPECT_EQ(next.version(), 2U);
  EXPECT_EQ(next.missed(), 0U);
  EXPECT_GE(or_throw(client_.inspect("t")).incarnation, 2U);  // 3 where leases are masked.
}

// A second fence before the loss by the first is told: it is told all the same, once.
TEST_F(TopicFence, LossOverAFenceIsToldAfterAnotherFence) {
  TopicOptions options = stamped_options(64, 4);
  options.retention = Retention::lossless;
  or_throw(client_.create_topic("t", options));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  Publisher publisher = or_throw(client_.publisher("t"));
  or_throw(publish_stamped(publisher, 1));
  ASSERT_EQ(or_throw(subscriber.next(20s)).version(), 1U);
  publisher = fenced_off(std::move(publisher));
  for (std::uint64_t version = 2; version <= 10; ++version) {
    or_throw(publish_stamped(publisher, version));  // Nobody waits for who has not reopened.
  }
  or_throw(subscriber.reopen());
  publisher = fenced_off(std::move(publisher));
  or_throw(subscriber.reopen());

  const auto lost = subscriber.next(20s);
  ASSERT_FALSE(lost) << "v" << lost->version() << " after v1";
  EXPECT_EQ(lost.error().code, Errc::gap);
  const View next = or_throw(subscriber.next(20s));
  EXPECT_EQ(next.version(), 1 + lost.error().count + 1);
  EXPECT_EQ(next.missed(), 0U);
}

}  // namespace
}  // namespace tenure::test
