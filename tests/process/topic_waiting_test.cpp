// SPDX-License-Identifier: Apache-2.0
// How a program waits: wait(), pollable descriptors, interruptions, events.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include <tenure/tenure.hpp>

#include "tests/process/topic_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class TopicWaiting : public TopicTest {};

bool is_readable(int fd) {
  ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

TEST_F(TopicWaiting, WaitSaysWhenThereIsSomethingNew) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  EXPECT_EQ(subscriber.wait(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(subscriber.wait(3ms).error().code, Errc::timed_out);
  or_throw(publisher.publish(or_throw(publisher.draft())));
  EXPECT_TRUE(subscriber.wait(kNoWait));
  EXPECT_TRUE(subscriber.latest());
  EXPECT_EQ(subscriber.wait(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(subscriber.next(3ms).error().code, Errc::timed_out);
}

TEST_F(TopicWaiting, PollableFdIsReadableWhileThereIsSomethingToRead) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  const int fd = or_throw(subscriber.fd());
  EXPECT_EQ(or_throw(subscriber.fd()), fd);
  EXPECT_TRUE(is_readable(fd));  // Not read until `empty` yet.
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(subscriber.next(kNoWait).error().code, Errc::empty);
    EXPECT_FALSE(is_readable(fd));
    or_throw(publisher.publish(or_throw(publisher.draft())));
    EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
    EXPECT_TRUE(subscriber.next(kNoWait));
  }
  EXPECT_TRUE(subscriber.reopen());
  EXPECT_TRUE(or_throw(subscriber.fd()) >= 0);
}

TEST_F(TopicWaiting, PollableFdOfAPublisherIsReadableWhenASlotComesFree) {
  TopicOptions options = one_tensor(DType::int32, {1}, 3);
  options.retention = Retention::lossless;
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  const int fd = or_throw(publisher.fd());
  for (int i = 0; i < 20; ++i) {
    for (auto draft = publisher.draft(kNoWait); draft; draft = publisher.draft(kNoWait)) {
      or_throw(publisher.publish(*std::move(draft)));
    }
    EXPECT_FALSE(is_readable(fd));
    EXPECT_TRUE(subscriber.next(kNoWait));
    EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  }
}

TEST_F(TopicWaiting, InterruptCancelsWaitsUnderWay) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  std::atomic<int> done{0};
  const auto interrupt_until_done = [&] {
    EXPECT_TRUE(support::eventually([&] {
      client_.interrupt();
      return done != 0;
    }));
    done = 0;
  };
  std::thread data([&] {
    EXPECT_EQ(subscriber.next().error().code, Errc::cancelled);
    done = 1;
  });
  interrupt_until_done();
  data.join();
  std::thread open([&] {
    EXPECT_EQ(client_.publisher("no/such/topic", {.timeout = kForever}).error().code,
              Errc::cancelled);
    done = 1;
  });
  interrupt_until_done();
  open.join();
  std::thread event([&] {
    EXPECT_EQ(client_.event().error().code, Errc::cancelled);
    done = 1;
  });
  interrupt_until_done();
  event.join();
  EXPECT_TRUE(client_.ping());
}

TEST_F(TopicWaiting, EventsTellOfRemovalAndOfAPublisherGone) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  std::optional<Publisher> publisher = or_throw(client_.publisher(name_));
  Client other = connect("watcher");
  const Subscriber subscriber = or_throw(other.subscriber(name_));
  EXPECT_EQ(other.event(kNoWait).error().code, Errc::empty);
  const int fd = or_throw(other.fd());
  publisher.reset();
  const Event gone = or_throw(other.event(20s));
  EXPECT_EQ(gone.what, Event::What::publisher_gone);
  EXPECT_EQ(gone.segment, name_);
  EXPECT_EQ(other.event(kNoWait).error().code, Errc::empty);
  EXPECT_FALSE(is_readable(fd));
  or_throw(client_.remove(name_));
  EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  EXPECT_EQ(or_throw(other.event(20s)).what, Event::What::removed);
  EXPECT_EQ(other.event(5ms).error().code, Errc::timed_out);
}

TEST_F(TopicWaiting, PollingPublisherIsToldThatItsOwnDraftWasDropped) {
  or_throw(client_.create_topic(name_, one_tensor(DType::uint8, {8}, 3)));
  Publisher publisher = or_throw(client_.publisher(name_));
  or_throw(publisher.publish(or_throw(publisher.draft())));
  std::optional<Draft> draft = or_throw(publisher.draft(kNoWait));
  const Draft other = or_throw(publisher.draft(kNoWait));
  const int fd = or_throw(publisher.fd());
  ASSERT_EQ(publisher.draft(kNoWait).error().code, Errc::full);
  std::thread([&] { draft.reset(); }).join();
  EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  EXPECT_TRUE(publisher.draft(kNoWait));
}

}  // namespace
}  // namespace tenure::test
