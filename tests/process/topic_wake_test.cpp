// SPDX-License-Identifier: Apache-2.0
// Wake-ups between processes: a lost one would stand still for ever, which the deadline turns into
// a failure. The pauses make readers park about half of the time.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <poll.h>
#include <random>
#include <string>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"
#include "tests/support/seed.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;

constexpr std::uint64_t kRounds = 4000;

void pause_up_to(std::mt19937_64& random, std::chrono::microseconds most) {
  const auto pause = std::chrono::nanoseconds(
      random() % static_cast<std::uint64_t>(std::chrono::nanoseconds(most).count()));
  const auto until = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < until) {
  }
}

enum class By : std::uint8_t { waiting, next, polling };

// The next version, by one of the ways to wait for it; 0 if it never came.
std::uint64_t await(Subscriber& subscriber, By by) {
  if (by == By::next) {
    const auto view = subscriber.next(10s);
    return view ? view->version() : 0;
  }
  if (by == By::waiting) {
    return subscriber.wait(10s) ? or_throw(subscriber.latest()).version() : 0;
  }
  for (;;) {
    if (const auto view = subscriber.next(kNoWait)) {
      return view->version();
    }
    ::pollfd ready{.fd = or_throw(subscriber.fd()), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 10'000) != 1) {
      return 0;
    }
  }
}

// Answers every version of `from` with one of `to`.
int play(const std::string& socket,
         const std::string& from,
         const std::string& to,
         By by,
         std::uint64_t seed) {
  Client client = or_throw(Client::connect({.socket = socket, .name = to}));
  Publisher publisher = or_throw(client.publisher(to));
  Subscriber subscriber = or_throw(client.subscriber(from));
  std::mt19937_64 random(seed);
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    if (to == "ping") {
      or_throw(publish_stamped(publisher, round));
    }
    if (await(subscriber, by) != round) {
      return 1;
    }
    pause_up_to(random, 60us);
    if (to == "pong") {
      or_throw(publish_stamped(publisher, round));
    }
  }
  return 0;
}

class TopicWake : public testing::TestWithParam<By> {};

TEST_P(TopicWake, NeverSleepsThroughAPublish) {
  const support::PrivateBroker broker;
  Client client = or_throw(Client::connect({.socket = broker.socket()}));
  or_throw(client.create_topic("ping", stamped_options(64, 4)));
  or_throw(client.create_topic("pong", stamped_options(64, 4)));
  const std::uint64_t seed = random_seed();
  Child ping;
  Child pong([&] { return play(broker.socket(), "ping", "pong", GetParam(), seed); });
  ASSERT_TRUE(support::eventually([&] { return or_throw(client.inspect("ping")).users == 1; }));
  ping = Child([&] { return play(broker.socket(), "pong", "ping", GetParam(), seed + 1); });
  EXPECT_EQ(pong.wait(60s), 0);
  EXPECT_EQ(ping.wait(60s), 0);
  EXPECT_GT(or_throw(client.stat("ping")).wakes, 0U);  // Somebody did park.
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         TopicWake,
                         testing::Values(By::waiting, By::next, By::polling),
                         [](const auto& way) {
                           return std::string(way.param == By::waiting ? "Waiting"
                                              : way.param == By::next  ? "Next"
                                                                       : "Polling");
                         });

TEST(TopicWakePublisher, IsWokenWhenASlotIsLetGo) {
  const support::PrivateBroker broker;
  Client client = or_throw(Client::connect({.socket = broker.socket()}));
  TopicOptions options = stamped_options(64, 3);
  options.retention = Retention::lossless;
  or_throw(client.create_topic("log", options));
  Publisher publisher = or_throw(client.publisher("log"));
  Child reader([&] {
    Client other = or_throw(Client::connect({.socket = broker.socket()}));
    Subscriber subscriber = or_throw(other.subscriber("log"));
    std::mt19937_64 random(1);
    for (std::uint64_t version = 1; version <= kRounds; ++version) {
      const View view = or_throw(subscriber.next(20s));
      if (view.version() != version || !is_whole(view, version)) {
        return 1;
      }
      pause_up_to(random, 30us);
    }
    return 0;
  });
  ASSERT_TRUE(publisher.wait_for_subscribers(1, 20s));
  for (std::uint64_t version = 1; version <= kRounds; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version));
  }
  EXPECT_EQ(reader.wait(30s), 0);
}

}  // namespace
}  // namespace tenure::test
