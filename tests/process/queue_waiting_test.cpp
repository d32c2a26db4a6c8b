// SPDX-License-Identifier: Apache-2.0
// How a program waits for a queue: asleep, by a pollable descriptor, until it is interrupted.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <tenure/tenure.hpp>

#include "client/lib/consumer_state.hpp"
#include "tests/process/queue_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class QueueWaiting : public QueueTest {};

bool is_readable(int fd) {
  ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

TEST_F(QueueWaiting, WaitSaysWhenTheNextVerbNeedNotWait) {
  or_throw(client_.create_queue(name_, one_number(1)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  EXPECT_EQ(consumer.wait(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(consumer.wait(3ms).error().code, Errc::timed_out);
  EXPECT_TRUE(producer.wait(kNoWait));
  or_throw(push(producer, 1));
  EXPECT_EQ(producer.wait(kNoWait).error().code, Errc::full);
  EXPECT_EQ(producer.wait(3ms).error().code, Errc::timed_out);
  EXPECT_TRUE(consumer.wait(kNoWait));
  EXPECT_EQ(take(consumer), 1);
}

TEST_F(QueueWaiting, EachSleeperGetsItsBundle) {
  or_throw(client_.create_queue(name_, one_number(8)));
  Producer producer = or_throw(client_.producer(name_));
  std::atomic<int> got{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 8; ++i) {
    sleepers.emplace_back([&] {
      Client other = connect("sleeper");
      Consumer consumer = or_throw(other.consumer(name_));
      for (int round = 0; round < 20; ++round) {
        got += take(consumer, 20s) >= 0 ? 1 : 0;
      }
    });
  }
  for (std::int64_t i = 0; i < 160; ++i) {
    or_throw(push(producer, i, 20s));
    if (i % 8 == 7) {
      EXPECT_TRUE(support::eventually([&] { return got == i + 1; }));
    }
  }
  for (std::thread& sleeper : sleepers) {
    sleeper.join();
  }
  EXPECT_EQ(got, 160);
}

TEST_F(QueueWaiting, EachSleepingProducerGetsItsSlot) {
  or_throw(client_.create_queue(name_, one_number(1)));
  Consumer consumer = or_throw(client_.consumer(name_));
  std::vector<std::thread> producers;
  for (int i = 0; i < 4; ++i) {
    producers.emplace_back([&] {
      Client other = connect("sleeper");
      Producer producer = or_throw(other.producer(name_));
      for (std::int64_t round = 0; round < 50; ++round) {
        or_throw(push(producer, round, 20s));
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_GE(take(consumer, 20s), 0);
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
}

// Not by their look once a second: the bell says so before any time has passed.
TEST_F(QueueWaiting, BundleThatMayBeDroppedWakesTheProducers) {
  QueueOptions options = one_number(2, 2);
  options.when_full = WhenFull::drop_oldest;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const auto client = or_throw(detail::ClientState::connect({.socket = socket(), .name = "look"}));
  const auto memory = or_throw(detail::ConsumerState::open(*client, name_, {}));
  auto& line = memory->queue().wait(layout::kFreeRing);
  const sync::WaitMark sleeper = sync::count_on(line, sync::WaitKind::sleeper);
  std::uint32_t before = line.bell.load();
  or_throw(push(producer, 1));
  EXPECT_NE(line.bell.load(), before);
  Item item = or_throw(consumer.pop());
  before = line.bell.load();
  or_throw(item.pass_on());
  EXPECT_NE(line.bell.load(), before);
  sync::count_off(line, sync::WaitKind::sleeper, sleeper.epoch);
  before = line.bell.load();
  or_throw(push(producer, 2));
  EXPECT_EQ(line.bell.load(), before) << "nobody waits";
}

TEST_F(QueueWaiting, FinishWakesEverybody) {
  or_throw(client_.create_queue(name_, one_number(1, 2)));
  Producer producer = or_throw(client_.producer(name_));
  or_throw(push(producer, 1));
  Consumer holder = or_throw(client_.consumer(name_));
  std::optional<Item> held = or_throw(holder.pop());
  std::atomic<int> finished{0};
  std::vector<std::thread> sleepers;
  for (const std::size_t lane : {0U, 0U, 1U, 1U}) {
    sleepers.emplace_back([&, lane] {
      Client other = connect("sleeper");
      Consumer consumer = or_throw(other.consumer(name_, {.lane = lane}));
      finished += consumer.pop(20s).error().code == Errc::finished ? 1 : 0;
    });
  }
  sleepers.emplace_back([&] {
    Client other = connect("sleeper");
    Producer waits = or_throw(other.producer(name_));
    finished += waits.draft(20s).error().code == Errc::finished ? 1 : 0;
  });
  or_throw(producer.finish());
  EXPECT_TRUE(support::eventually([&] { return finished == 1; }));  // The producer.
  or_throw(held->ack());
  for (std::thread& sleeper : sleepers) {
    sleeper.join();
  }
  EXPECT_EQ(finished, 5);
}

TEST_F(QueueWaiting, FdOfAConsumerIsReadableWhenThereIsABundle) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const int fd = or_throw(consumer.fd());
  EXPECT_TRUE(is_readable(fd));  // Not popped until `empty` yet.
  for (std::int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::empty);
    EXPECT_FALSE(is_readable(fd));
    or_throw(push(producer, i));
    EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
    EXPECT_EQ(take(consumer), i);
  }
  EXPECT_EQ(consumer.wait(kNoWait).error().code, Errc::empty);
  EXPECT_FALSE(is_readable(fd));
  or_throw(producer.finish());
  EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::finished);
}

TEST_F(QueueWaiting, FdOfAProducerIsReadableWhenASlotComesFree) {
  or_throw(client_.create_queue(name_, one_number(2)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const int fd = or_throw(producer.fd());
  or_throw(push(producer, 0));
  for (std::int64_t i = 1; i < 50; ++i) {
    or_throw(push(producer, i));
    EXPECT_EQ(producer.draft(kNoWait).error().code, Errc::full);
    EXPECT_FALSE(is_readable(fd));
    EXPECT_EQ(take(consumer), i - 1);
    EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  }
}

TEST_F(QueueWaiting, FdOfTheParkedIsReadableWhenABundleIsSetAside) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  Consumer parked = or_throw(client_.consumer(name_, {.lane = kParked}));
  const int fd = or_throw(parked.fd());
  EXPECT_EQ(parked.pop(kNoWait).error().code, Errc::empty);
  EXPECT_FALSE(is_readable(fd));
  or_throw(push(producer, 1));
  or_throw(or_throw(consumer.pop()).park());
  EXPECT_TRUE(support::eventually([&] { return is_readable(fd); }));
  EXPECT_EQ(take(parked), 1);
}

TEST_F(QueueWaiting, PollersAreCountedWhileTheyPollOnly) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  std::optional<Consumer> consumer = or_throw(client_.consumer(name_));
  const auto pollers = [&] { return or_throw(client_.inspect(name_)).lanes.at(0).pollers; };
  EXPECT_TRUE(or_throw(consumer->fd()) >= 0);
  EXPECT_EQ(pollers(), 0U);
  EXPECT_EQ(consumer->pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(consumer->pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(pollers(), 1U);
  or_throw(push(producer, 1));
  EXPECT_EQ(take(*consumer), 1);
  EXPECT_EQ(pollers(), 0U);
  EXPECT_EQ(consumer->pop(kNoWait).error().code, Errc::empty);
  or_throw(push(producer, 2));
  EXPECT_EQ(take(*consumer), 2);
  EXPECT_EQ(consumer->pop(2ms).error().code, Errc::timed_out);
  EXPECT_EQ(pollers(), 1U);
  consumer.reset();
  EXPECT_EQ(pollers(), 0U);
}

TEST_F(QueueWaiting, InterruptCancelsWaitsUnderWay) {
  or_throw(client_.create_queue(name_, one_number(1)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 1));
  const Item held = or_throw(consumer.pop());
  std::atomic<int> done{0};
  std::thread pops([&] {
    EXPECT_EQ(consumer.pop().error().code, Errc::cancelled);
    ++done;
  });
  std::thread drafts([&] {
    EXPECT_EQ(producer.draft().error().code, Errc::cancelled);
    ++done;
  });
  EXPECT_TRUE(support::eventually([&] {
    client_.interrupt();
    return done == 2;
  }));
  pops.join();
  drafts.join();
}

TEST_F(QueueWaiting, SaysOnceThatTheBrokerIsGone) {
  support::PrivateBroker broker;
  Client client = or_throw(Client::connect({.socket = broker.socket(), .name = "test"}));
  or_throw(client.create_queue("q", one_number()));
  Producer producer = or_throw(client.producer("q"));
  Consumer consumer = or_throw(client.consumer("q"));
  broker.stop(SIGKILL);
  EXPECT_EQ(consumer.pop(20s).error().code, Errc::broker_gone);
  EXPECT_EQ(consumer.pop(3ms).error().code, Errc::timed_out);
  or_throw(push(producer, 1));  // The data path goes on.
  EXPECT_EQ(take(consumer, 20s), 1);
}

}  // namespace
}  // namespace tenure::test
