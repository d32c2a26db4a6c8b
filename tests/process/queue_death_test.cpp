// SPDX-License-Identifier: Apache-2.0
// What those leave behind who are killed, stopped or cut off while they have something of a queue.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include <tenure/tenure.hpp>

#include "tests/process/queue_death_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;
using support::eventually;

// ---- killed

TEST_F(QueueDeath, DraftOfTheDeadIsFreed) {
  start(one_number(1));
  Child child = other_that_drafts();
  EXPECT_EQ(producer_->draft(kNoWait).error().code, Errc::full);
  child.kill();
  EXPECT_TRUE(push(*producer_, 7, 20s));
  EXPECT_EQ(take(*consumer_), 7);
  EXPECT_EQ(or_throw(client_.stat(name_)).cancelled, 1U);
}

TEST_F(QueueDeath, ItemOfTheDeadIsDeliveredAgainBeforeAllOthers) {
  start(one_number(4));
  or_throw(push(*producer_, 1));
  or_throw(push(*producer_, 2));
  Child child = other_that_pops();
  child.kill();
  expect_again();
  Item again = or_throw(consumer_->pop(kNoWait));
  EXPECT_EQ(number_of(again), 1);
  EXPECT_EQ(again.deliveries(), 2U);
  Item next = or_throw(consumer_->pop(kNoWait));
  EXPECT_EQ(number_of(next), 2);
  EXPECT_EQ(next.deliveries(), 1U);
}

TEST_F(QueueDeath, ItemOfALaterLaneComesBackToThatLane) {
  start(one_number(4, 2));
  or_throw(push(*producer_, 1));
  or_throw(or_throw(consumer_->pop()).pass_on());
  Child child = other_that_pops(1);
  child.kill();
  Consumer later = or_throw(client_.consumer(name_, {.lane = 1}));
  const Item again = or_throw(later.pop(20s));
  EXPECT_EQ(number_of(again), 1);
  EXPECT_EQ(again.deliveries(), 2U);
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueDeath, BundleThatTheDeadHadChangedHalfWayIsPoisoned) {
  QueueOptions options = one_number(4);
  options.consume = Consume::in_place;
  start(options);
  or_throw(push(*producer_, 7));
  Child child = other_that_changes();
  child.kill();
  expect_parked();
  EXPECT_EQ(look().poisoned, 1U);
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  Consumer parked = or_throw(client_.consumer(name_, {.lane = kParked}));
  Item item = or_throw(parked.pop(kNoWait));
  EXPECT_TRUE(item.poisoned());
  or_throw(item.ack());
}

TEST_F(QueueDeath, HalfChangedBundleOfARepeatableQueueIsDeliveredAgain) {
  QueueOptions options = one_number(4);
  options.consume = Consume::repeatable;
  start(options);
  or_throw(push(*producer_, 7));
  Child child = other_that_changes();
  child.kill();
  EXPECT_EQ(or_throw(consumer_->pop(20s)).deliveries(), 2U);
}

TEST_F(QueueDeath, BundleThatKillsItsConsumersIsParked) {
  QueueOptions options = one_number(4);
  options.max_deliveries = 3;
  start(options);
  or_throw(push(*producer_, 7));
  for (int death = 0; death < 3; ++death) {
    Child child = other_that_pops();
    child.kill();
  }
  expect_parked();
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  Consumer parked = or_throw(client_.consumer(name_, {.lane = kParked}));
  Item item = or_throw(parked.pop(kNoWait));
  EXPECT_EQ(item.deliveries(), 3U);
  EXPECT_FALSE(item.poisoned());
  or_throw(item.ack());
}

TEST_F(QueueDeath, QueueOfOneSlotFreesWhatWouldBeParked) {
  QueueOptions options = one_number(1);
  options.max_deliveries = 1;
  start(options);
  or_throw(push(*producer_, 7));
  Child child = other_that_pops();
  child.kill();
  EXPECT_TRUE(push(*producer_, 8, 20s));
  EXPECT_EQ(or_throw(client_.stat(name_)).discarded, 1U);
  EXPECT_EQ(take(*consumer_), 8);
}

TEST_F(QueueDeath, ParkedBundleThatTheDeadHadStaysParked) {
  start(one_number(8));
  or_throw(push(*producer_, 7));
  or_throw(or_throw(consumer_->pop()).park());
  Child child = other_that_pops(kParked);
  EXPECT_EQ(look().parked, 0U);
  child.kill();
  expect_parked();
  Consumer parked = or_throw(client_.consumer(name_, {.lane = kParked}));
  EXPECT_EQ(number_of(or_throw(parked.pop(kNoWait))), 7);
}

TEST_F(QueueDeath, DeadParticipantIsNotListed) {
  start(one_number(4));
  or_throw(push(*producer_, 1));
  Child child = other([this](Other& own) {
    own.draft(name_);
    own.pop(name_);
  });
  const auto sum = [&] {
    Participant all;
    for (const Participant& one : look().participants) {
      all.filling += one.filling;
      all.taken += one.taken;
    }
    return all;
  };
  EXPECT_EQ(look().users, 4U);
  EXPECT_EQ(sum().filling, 1U);
  EXPECT_EQ(sum().taken, 1U);
  child.kill();
  EXPECT_TRUE(eventually([&] { return look().users == 2; }));
  EXPECT_EQ(sum().filling, 0U);
  EXPECT_EQ(sum().taken, 0U);
  EXPECT_EQ(take(*consumer_), 1);
  EXPECT_EQ(look().slots_held, 0U);
}

// ---- those who wait for what the dead had

TEST_F(QueueDeath, SleepingConsumerIsWokenForTheBundleOfTheDead) {
  start(one_number(4));
  or_throw(push(*producer_, 7));
  Child child = other_that_pops();
  std::uint32_t deliveries = 0;
  std::thread sleeper([&] { deliveries = or_throw(consumer_->pop(20s)).deliveries(); });
  EXPECT_TRUE(eventually([&] { return sleepers() == 1; }));
  child.kill();
  sleeper.join();
  EXPECT_EQ(deliveries, 2U);
}

TEST_F(QueueDeath, DescriptorIsReadableForTheBundleOfTheDead) {
  start(one_number(4));
  or_throw(push(*producer_, 7));
  Child child = other_that_pops();
  ::pollfd ready{.fd = or_throw(consumer_->fd()), .events = POLLIN, .revents = 0};
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  child.kill();
  EXPECT_EQ(::poll(&ready, 1, 20'000), 1);
  EXPECT_EQ(take(*consumer_), 7);
}

TEST_F(QueueDeath, LaneIsFinishedWhenTheLastOneWhoHadSomethingDies) {
  start(one_number(4));
  Child child = other_that_drafts();
  or_throw(producer_->finish());
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  Errc code = Errc::empty;
  std::thread sleeper([&] { code = consumer_->pop(20s).error().code; });
  EXPECT_TRUE(eventually([&] { return sleepers() == 1; }));
  child.kill();
  sleeper.join();
  EXPECT_EQ(code, Errc::finished);
}

TEST_F(QueueDeath, DeadSleeperAndPollerAreCountedOff) {
  start(one_number(4));
  Child poller = other([this](Other& own) {
    own.consumer = or_throw(own.client.consumer(name_));
    static_cast<void>(or_throw(own.consumer->fd()));
    static_cast<void>(own.consumer->pop(kNoWait));
  });
  Child asleep = sleeper([this](Other& own) { own.pop(name_); });
  EXPECT_EQ(lane().pollers, 1U);
  asleep.kill();
  poller.kill();
  EXPECT_TRUE(eventually([&] { return lane().sleepers == 0 && lane().pollers == 0; }));
  or_throw(push(*producer_, 7));
  EXPECT_EQ(take(*consumer_), 7);
}

// ---- stopped

TEST_F(QueueDeath, StoppedParticipantKeepsItsOwnAndHindersNobody) {
  start(one_number(4));
  or_throw(push(*producer_, 1));
  Child child = other(
      [this](Other& own) {
        own.draft(name_);
        own.pop(name_);
      },
      [](Other& own) {
        or_throw(own.items.back().ack());
        or_throw(own.producer->push(std::move(own.drafts.back())));
      });
  child.signal(SIGSTOP);
  for (std::int64_t i = 0; i < 100; ++i) {
    or_throw(push(*producer_, i));
    EXPECT_EQ(take(*consumer_), i);
  }
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(look().slots_held, 2U);
  child.signal(SIGCONT);
  tell_it_to_go_on();
  EXPECT_EQ(take(*consumer_), kDrafted);
  EXPECT_EQ(look().slots_held, 0U);
}

TEST_F(QueueDeath, StoppedSleeperKeepsNobodyFromHisBundle) {
  start(one_number(4));
  Child asleep = sleeper([this](Other& own) { own.pop(name_); });
  asleep.signal(SIGSTOP);
  for (std::int64_t i = 0; i < 3; ++i) {
    std::int64_t got = -1;
    std::thread awake([&] { got = take(*consumer_, 20s); });
    EXPECT_TRUE(eventually([&] { return sleepers() == 2; }));
    or_throw(push(*producer_, i));
    awake.join();
    EXPECT_EQ(got, i);
  }
}

// ---- cut off

TEST_F(QueueDeath, DisconnectedButAliveItKeepsItsOwn) {
  start(one_number(4));
  or_throw(push(*producer_, 1));
  or_throw(push(*producer_, 2));
  Child child = other(
      [this](Other& own) {
        own.pop(name_);
        own.pop(name_);
        own.hang_up();
      },
      [](Other& own) { or_throw(own.items.front().ack()); });
  EXPECT_TRUE(broker().wait_for_log("session_disconnected"));
  EXPECT_EQ(lane().taken, 2U);
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  tell_it_to_go_on();
  EXPECT_EQ(lane().taken, 1U);
  child.kill();
  Item again = or_throw(consumer_->pop(20s));  // Its death is noticed all the same.
  EXPECT_EQ(number_of(again), 2);
  EXPECT_EQ(again.deliveries(), 2U);
}

TEST_F(QueueDeath, SessionThatHangsUpWithNothingOpenEnds) {
  Child child = other([this](Other& own) {
    or_throw(own.client.create_queue(name_, one_number(4)));
    own.draft(name_);
    own.drafts.clear();
    own.producer.reset();
    own.hang_up();
  });
  EXPECT_TRUE(eventually([&] {
    const auto found = client_.inspect(name_);
    return !found && found.error().code == Errc::not_found;
  }));
}

TEST_F(QueueDeath, QueueOfADeadCreatorStaysWhileSomebodyHasItOpen) {
  Child child = other([this](Other& own) {
    or_throw(own.client.create_queue(name_, one_number(4)));
    own.draft(name_);
  });
  producer_ = or_throw(client_.producer(name_));
  child.kill();
  EXPECT_TRUE(eventually([&] { return look().users == 1; }));
  EXPECT_EQ(look().slots_held, 0U);
  producer_.reset();
  EXPECT_TRUE(eventually([&] { return !client_.inspect(name_); }));
}

}  // namespace
}  // namespace tenure::test
