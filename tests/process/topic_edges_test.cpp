// SPDX-License-Identifier: Apache-2.0
// Topics at the ends of their ranges: the most of everything that the limits allow.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

// As many descriptors as the system lets this process, and the broker that it starts, have.
void raise_descriptors() {
  ::rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    if (word == "MemAvailable:") {
      std::uint64_t kilobytes = 0;
      file >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

class TopicEdges : public testing::Test {
 protected:
  TopicEdges() { raise_descriptors(); }
  Client connect() {
    broker_.emplace();
    return or_throw(Client::connect({.socket = broker_->socket(), .name = "edges"}));
  }

  std::optional<support::PrivateBroker> broker_;
};

TEST_F(TopicEdges, BundleOf4096TensorsWithNamesOf255Bytes) {
  constexpr std::size_t kTensors = 4096;
  Client client = connect();
  TopicOptions options;
  options.terms.pages = Pages::small;
  for (std::size_t i = 0; i < kTensors; ++i) {
    const std::string number = std::to_string(i);
    options.schema.push_back({std::string(255 - number.size(), 'x') + number, DType::uint32, {2}});
  }
  or_throw(client.create_topic("wide", options));
  EXPECT_EQ(or_throw(client.inspect("wide")).schema.size(), kTensors);
  Publisher publisher = or_throw(client.publisher("wide"));
  Subscriber subscriber = or_throw(client.subscriber("wide"));
  Draft draft = or_throw(publisher.draft());
  for (std::size_t i = 0; i < kTensors; i += 2) {  // Every other one is left out.
    const auto words = or_throw(draft.span<std::uint32_t>(options.schema[i].name));
    words[1] = static_cast<std::uint32_t>(i);
  }
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.next(20s));
  const Snapshot snapshot = or_throw(subscriber.snapshot());
  for (std::size_t i = 0; i < kTensors; ++i) {
    const auto words = view.span<std::uint32_t>(options.schema[i].name);
    const auto copied = snapshot.span<std::uint32_t>(options.schema[i].name);
    if (i % 2 == 1) {
      ASSERT_EQ(words.error().code, Errc::not_found) << i;
      ASSERT_EQ(copied.error().code, Errc::not_found) << i;
    } else {
      ASSERT_EQ((*words)[1], i);
      ASSERT_EQ((*copied)[1], i);
    }
  }
  options.schema.push_back({"one-more", DType::uint32, {2}});
  EXPECT_EQ(client.create_topic("wider", options).error().code, Errc::bad_request);
}

TEST_F(TopicEdges, NameOf200BytesAndNotOfOneMore) {
  Client client = connect();
  const std::string name(200, 'n');
  or_throw(client.create_topic(name, stamped_options(64, 1)));
  EXPECT_EQ(or_throw(client.inspect(name)).name, name);
  EXPECT_EQ(client.create_topic(name + "n", stamped_options(64, 1)).error().code,
            Errc::bad_request);
}

TEST_F(TopicEdges, SixtyFourSlotsAreAllUsedAndAllHeld) {
  Client client = connect();
  or_throw(client.create_topic("k64", stamped_options(64, 64)));
  Publisher publisher = or_throw(client.publisher("k64"));
  Subscriber subscriber = or_throw(client.subscriber("k64"));
  std::vector<View> views;
  for (std::uint64_t version = 1; version <= 64; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version));
    views.push_back(or_throw(subscriber.next(20s)));
  }
  EXPECT_EQ(publisher.draft(kNoWait).error().code, Errc::full);
  for (const View& view : views) {
    EXPECT_TRUE(is_whole(view, view.version()));
  }
  EXPECT_TRUE(views[17].release());
  EXPECT_EQ(or_throw(publish_stamped(publisher, 65)), 65U);
  views.clear();
  for (std::uint64_t version = 66; version <= 300; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version));
  }
  EXPECT_TRUE(is_whole(or_throw(subscriber.latest()), 300));
  EXPECT_EQ(client.create_topic("k65", stamped_options(64, 65)).error().code, Errc::bad_request);
}

TEST_F(TopicEdges, AThousandAndTwentyThreeSubscribers) {
  constexpr std::size_t kMost = 1023;
  Client client = connect();
  TopicOptions options = stamped_options(64, 4);
  options.subscribers = kMost;
  options.retention = Retention::lossless;
  or_throw(client.create_topic("many", options));
  Publisher publisher = or_throw(client.publisher("many"));
  std::vector<Subscriber> subscribers;
  for (std::size_t i = 0; i < kMost; ++i) {
    subscribers.push_back(or_throw(client.subscriber("many")));
  }
  EXPECT_EQ(client.subscriber("many").error().code, Errc::too_many);
  EXPECT_TRUE(publisher.wait_for_subscribers(kMost, kNoWait));
  for (std::uint64_t version = 1; version <= 4; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version));
  }
  for (std::size_t i = 0; i + 1 < kMost; ++i) {
    ASSERT_TRUE(is_whole(or_throw(subscribers[i].next(20s)), 1));
  }
  EXPECT_EQ(publisher.draft(kNoWait).error().code, Errc::full);  // The last one is waited for.
  EXPECT_TRUE(is_whole(or_throw(subscribers.back().next(20s)), 1));
  EXPECT_TRUE(publish_stamped(publisher, 5));
  options.subscribers = kMost + 1;
  EXPECT_EQ(client.create_topic("more", options).error().code, Errc::bad_request);
}

TEST_F(TopicEdges, AThousandTopicsInOneClient) {
  constexpr std::size_t kTopics = 1000;
  Client client = connect();
  std::vector<Publisher> publishers;
  std::vector<Subscriber> subscribers;
  for (std::size_t i = 0; i < kTopics; ++i) {
    const std::string name = "topics/" + std::to_string(i);
    auto created = client.create_topic(name, stamped_options(64, 3));
    if (!created && created.error().code == Errc::too_many) {
      GTEST_SKIP() << "the limit of file descriptors is too low: " << created.error().message();
    }
    or_throw(std::move(created));
    publishers.push_back(or_throw(client.publisher(name)));
    subscribers.push_back(or_throw(client.subscriber(name)));
  }
  for (std::size_t i = 0; i < kTopics; ++i) {
    ASSERT_TRUE(publish_stamped(publishers[i], 1));
  }
  for (std::size_t i = 0; i < kTopics; ++i) {
    ASSERT_TRUE(is_whole(or_throw(subscribers[i].next(20s)), 1));
  }
  EXPECT_EQ(or_throw(client.list("topics/*")).size(), kTopics);
}

bool is_readable(int fd) {
  ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

struct Handles {
  std::size_t count;
  bool has_waitv;
};

// 127 is the most that one poll thread watches.
class PollableHandles : public TopicEdges, public testing::WithParamInterface<Handles> {};

TEST_P(PollableHandles, EachIsToldOfItsOwnTopic) {
  if (!GetParam().has_waitv) {
    ::setenv("TENURE_MASK", "futex_waitv", 1);  // ctest runs each test in a process of its own.
  }
  Client client = connect();
  constexpr std::size_t kTopics = 8;
  std::vector<Publisher> publishers;
  for (std::size_t i = 0; i < kTopics; ++i) {
    TopicOptions options = stamped_options(64, 3);
    options.subscribers = 64;
    or_throw(client.create_topic("poll/" + std::to_string(i), options));
    publishers.push_back(or_throw(client.publisher("poll/" + std::to_string(i))));
  }
  std::vector<Subscriber> subscribers;
  std::vector<int> fds;
  for (std::size_t i = 0; i < GetParam().count; ++i) {
    subscribers.push_back(or_throw(client.subscriber("poll/" + std::to_string(i % kTopics))));
    fds.push_back(or_throw(subscribers.back().fd()));
    ASSERT_EQ(subscribers.back().next(kNoWait).error().code, Errc::empty);
  }
  for (std::size_t topic = 0; topic < kTopics; ++topic) {
    ASSERT_TRUE(publish_stamped(publishers[topic], 1));
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (i % kTopics == topic) {
        ASSERT_TRUE(support::eventually([&] { return is_readable(fds[i]); })) << i;
        ASSERT_TRUE(is_whole(or_throw(subscribers[i].next(kNoWait)), 1));
      } else if (i % kTopics > topic) {
        ASSERT_EQ(subscribers[i].next(kNoWait).error().code, Errc::empty) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Counts,
                         PollableHandles,
                         testing::Values(Handles{127, true},
                                         Handles{128, true},
                                         Handles{300, true},
                                         Handles{127, false},
                                         Handles{128, false},
                                         Handles{300, false}),
                         [](const auto& test) {
                           return "Handles" + std::to_string(test.param.count) +
                                  (test.param.has_waitv ? "" : "WithoutWaitv");
                         });

// Runs in `./dev check big` only: 9 GiB of memory. One slot, read by copy: a user may have half of
// the budget.
TEST_F(TopicEdges, TensorOfMoreThanFourGiB) {
  if (std::getenv("TENURE_BIG_TESTS") == nullptr) {
    GTEST_SKIP() << "takes 9 GiB of memory: ./dev check big";
  }
  if (available_bytes() < 16 * kGiB) {
    GTEST_SKIP() << "needs 16 GiB of free memory; there are " << available_bytes() / kGiB;
  }
  broker_.emplace(support::PrivateBrokerOptions{
      .arguments = {"--budget", "15G"}, .environment = {}, .timeout = 60s});
  Client client = or_throw(Client::connect({.socket = broker_->socket(), .name = "edges"}));
  constexpr auto kElements = static_cast<std::int64_t>(4 * kGiB / 4 + 1000);
  TopicOptions options;
  options.schema = {{"large", DType::float32, {kElements}}, {"after", DType::uint8, {10}}};
  options.slots = 1;
  or_throw(client.create_topic("big", options));
  Publisher publisher = or_throw(client.publisher("big"));
  Subscriber subscriber = or_throw(client.subscriber("big", {.access = Access::observe}));
  Draft draft = or_throw(publisher.draft());
  const auto large = or_throw(draft.span<float>("large"));
  ASSERT_EQ(large.size(), static_cast<std::size_t>(kElements));
  const std::array<std::size_t, 4> places{
      0, large.size() / 2, (std::size_t{4} << 30U) / sizeof(float), large.size() - 1};
  for (const std::size_t place : places) {
    large[place] = static_cast<float>(place % 1000) + 0.5F;
  }
  std::ranges::fill(or_throw(draft.span<std::uint8_t>("after")), std::uint8_t{9});
  or_throw(publisher.publish(std::move(draft)));
  const Snapshot snapshot = or_throw(subscriber.snapshot());
  const auto seen = or_throw(snapshot.span<float>("large"));
  for (const std::size_t place : places) {
    EXPECT_EQ(seen[place], static_cast<float>(place % 1000) + 0.5F) << place;
  }
  EXPECT_EQ(or_throw(snapshot.span<std::uint8_t>("after"))[9], 9);
}

}  // namespace
}  // namespace tenure::test
