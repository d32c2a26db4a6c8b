// SPDX-License-Identifier: Apache-2.0
// Drafts, items and roles of a queue: how long they live, and what becomes of what they have.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include <tenure/dlpack.hpp>
#include <tenure/tenure.hpp>

#include "tests/process/queue_fixture.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class QueueHandles : public QueueTest {};

TEST_F(QueueHandles, DestroyedItemIsDeliveredAgain) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 1));
  {
    const Item item = or_throw(consumer.pop(kNoWait));
  }
  EXPECT_EQ(or_throw(consumer.pop(kNoWait)).deliveries(), 2U);
}

TEST_F(QueueHandles, AssigningToAnItemGivesTheOldOneUp) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 1));
  or_throw(push(producer, 2));
  Item item = or_throw(consumer.pop(kNoWait));
  item = or_throw(consumer.pop(kNoWait));
  EXPECT_EQ(number_of(item), 2);
  EXPECT_EQ(take(consumer), 1);
}

TEST_F(QueueHandles, DroppedDraftFreesItsSlot) {
  or_throw(client_.create_queue(name_, one_number(1)));
  Producer producer = or_throw(client_.producer(name_));
  for (int i = 0; i < 3; ++i) {
    const Draft draft = or_throw(producer.draft(kNoWait));
    EXPECT_EQ(producer.draft(kNoWait).error().code, Errc::full);
  }
  EXPECT_TRUE(push(producer, 1));
}

TEST_F(QueueHandles, ManyDraftsAtOnceKeepTheirOwnBytes) {
  or_throw(client_.create_queue(name_, one_number(64)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  std::vector<Draft> drafts;
  for (std::int64_t i = 0; i < 64; ++i) {
    drafts.push_back(or_throw(producer.draft(kNoWait)));
    or_throw(drafts.back().span<std::int64_t>("x"))[0] = i;
    or_throw(drafts.back().set_note({.tag = static_cast<std::uint64_t>(i)}));
  }
  for (Draft& draft : drafts) {
    or_throw(producer.push(std::move(draft)));
  }
  for (std::int64_t i = 0; i < 64; ++i) {
    Item item = or_throw(consumer.pop(kNoWait));
    ASSERT_EQ(number_of(item), i);
    ASSERT_EQ(item.note().tag, static_cast<std::uint64_t>(i));
    or_throw(item.ack());
  }
}

TEST_F(QueueHandles, ItemsAndDraftsOutliveTheirRoleAndClient) {
  or_throw(client_.create_queue(name_, one_number(2)));
  std::optional<Item> item;
  std::optional<Draft> draft;
  {
    Client other = connect("other");
    Producer producer = or_throw(other.producer(name_));
    or_throw(push(producer, 1));
    draft = or_throw(producer.draft());
    Consumer consumer = or_throw(other.consumer(name_));
    item = or_throw(consumer.pop());
  }
  EXPECT_EQ(number_of(*item), 1);
  or_throw(draft->span<std::int64_t>("x"))[0] = 2;
  Producer producer = or_throw(client_.producer(name_));
  EXPECT_EQ(push(producer, 3).error().code, Errc::full);
  draft.reset();
  or_throw(item->ack());
  EXPECT_TRUE(push(producer, 3));
  EXPECT_TRUE(push(producer, 4));
}

TEST_F(QueueHandles, ItemsAreEndedOnAnyThread) {
  or_throw(client_.create_queue(name_, one_number(16)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  for (int round = 0; round < 50; ++round) {
    for (std::int64_t i = 0; i < 16; ++i) {
      or_throw(push(producer, i, 20s));
    }
    std::vector<Item> items = or_throw(consumer.pop_many(16, 20s));
    std::thread other([half = std::vector<Item>(std::make_move_iterator(items.begin() + 8),
                                                std::make_move_iterator(items.end()))]() mutable {
      for (Item& item : half) {
        or_throw(item.ack());
      }
    });
    for (Item& item : std::span(items).first(8)) {
      or_throw(item.ack());
    }
    other.join();
  }
}

TEST_F(QueueHandles, ExportedTensorKeepsTheItem) {
  or_throw(client_.create_queue(name_, one_number(2)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 7));
  std::optional<Item> item = or_throw(consumer.pop());
  DlpackTensor one = or_throw(to_dlpack(*item, "x"));
  DlpackTensor two = or_throw(to_dlpack(*item, "x"));
  EXPECT_EQ(item->ack().error().code, Errc::held);
  EXPECT_EQ(item->nack().error().code, Errc::held);
  EXPECT_EQ(item->park().error().code, Errc::held);
  one.reset();
  item.reset();
  EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(or_throw(or_throw(from_dlpack(*two)).as<std::int64_t>())[0], 7);
  two.reset();
  EXPECT_EQ(or_throw(consumer.pop(kNoWait)).deliveries(), 2U);
}

TEST_F(QueueHandles, ReopenedRolesGoOn) {
  or_throw(client_.create_queue(name_, one_number(2, 2)));
  Producer producer = or_throw(client_.producer(name_, {.lane = 1}));
  Consumer consumer = or_throw(client_.consumer(name_, {.lane = 1}));
  or_throw(push(producer, 1));
  or_throw(producer.reopen());
  or_throw(consumer.reopen());
  or_throw(push(producer, 2));
  EXPECT_EQ(take(consumer), 1);
  EXPECT_EQ(take(consumer), 2);
}

}  // namespace
}  // namespace tenure::test
