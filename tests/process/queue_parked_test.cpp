// SPDX-License-Identifier: Apache-2.0
// Bundles that were set aside: parked, poisoned, delivered again, dropped.
#include <gtest/gtest.h>

#include <optional>

#include <tenure/tenure.hpp>

#include "tests/process/queue_fixture.hpp"

namespace tenure::test {
namespace {

class QueueParked : public QueueTest {
 protected:
  // Opens all roles of a fresh queue.
  void start(const QueueOptions& options) {
    or_throw(client_.create_queue(name_, options));
    producer_ = or_throw(client_.producer(name_));
    consumer_ = or_throw(client_.consumer(name_));
    parked_ = or_throw(client_.consumer(name_, {.lane = kParked}));
  }
  std::optional<Producer> producer_;
  std::optional<Consumer> consumer_;
  std::optional<Consumer> parked_;
};

TEST_F(QueueParked, AfterTooManyDeliveries) {
  QueueOptions options = one_number(8);
  options.max_deliveries = 3;
  start(options);
  or_throw(push(*producer_, 7));
  for (std::uint32_t delivery = 1; delivery <= 3; ++delivery) {
    Item item = or_throw(consumer_->pop(kNoWait));
    EXPECT_EQ(item.deliveries(), delivery);
    or_throw(item.nack());
  }
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(or_throw(client_.inspect(name_)).parked, 1U);
  Item item = or_throw(parked_->pop(kNoWait));
  EXPECT_EQ(number_of(item), 7);
  EXPECT_EQ(item.deliveries(), 3U);
  EXPECT_FALSE(item.poisoned());
}

TEST_F(QueueParked, NeverWithoutALimit) {
  QueueOptions options = one_number(8);
  options.max_deliveries = 0;
  start(options);
  or_throw(push(*producer_, 7));
  for (int i = 0; i < 200; ++i) {
    or_throw(or_throw(consumer_->pop(kNoWait)).nack());
  }
  EXPECT_EQ(or_throw(consumer_->pop(kNoWait)).deliveries(), 127U);  // Counted up to there.
  EXPECT_EQ(parked_->pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueParked, NackDeliversAgainAndAckDrops) {
  start(one_number(8));
  for (std::int64_t i = 1; i <= 2; ++i) {
    or_throw(push(*producer_, i));
    or_throw(or_throw(consumer_->pop(kNoWait)).park());
  }
  or_throw(or_throw(parked_->pop(kNoWait)).nack());
  Item again = or_throw(consumer_->pop(kNoWait));
  EXPECT_EQ(number_of(again), 1);
  EXPECT_EQ(again.deliveries(), 2U);
  or_throw(or_throw(parked_->pop(kNoWait)).ack());
  EXPECT_EQ(parked_->pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueParked, DestroyedItemStaysParked) {
  start(one_number(8));
  or_throw(push(*producer_, 7));
  or_throw(or_throw(consumer_->pop(kNoWait)).park());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(number_of(or_throw(parked_->pop(kNoWait))), 7);
  }
  or_throw(or_throw(parked_->pop(kNoWait)).park());
  EXPECT_EQ(or_throw(client_.inspect(name_)).parked, 1U);
}

TEST_F(QueueParked, AtMostAQuarterOfTheSlots) {
  start(one_number(8));
  for (std::int64_t i = 1; i <= 3; ++i) {
    or_throw(push(*producer_, i));
    or_throw(or_throw(consumer_->pop(kNoWait)).park());
  }
  EXPECT_EQ(or_throw(client_.inspect(name_)).parked, 2U);
  EXPECT_EQ(or_throw(client_.stat(name_)).discarded, 1U);
  EXPECT_EQ(take(*parked_), 2);
  EXPECT_EQ(take(*parked_), 3);
}

TEST_F(QueueParked, NoneOfAQueueOfOneSlot) {
  start(one_number(1));
  or_throw(push(*producer_, 7));
  or_throw(or_throw(consumer_->pop(kNoWait)).park());
  EXPECT_EQ(parked_->pop(kNoWait).error().code, Errc::empty);
  EXPECT_TRUE(push(*producer_, 8));
}

TEST_F(QueueParked, HalfChangedBundleIsPoisoned) {
  QueueOptions options = one_number(8);
  options.consume = Consume::in_place;
  start(options);
  or_throw(push(*producer_, 7));
  {
    Item item = or_throw(consumer_->pop(kNoWait));
    or_throw(item.writable<std::int64_t>("x"))[0] = 8;
  }
  EXPECT_EQ(consumer_->pop(kNoWait).error().code, Errc::empty);
  const SegmentInfo info = or_throw(client_.inspect(name_));
  EXPECT_EQ(info.parked, 1U);
  EXPECT_EQ(info.poisoned, 1U);
  Item item = or_throw(parked_->pop(kNoWait));
  EXPECT_TRUE(item.poisoned());
  const Error refused = item.nack().error();
  EXPECT_EQ(refused.code, Errc::poisoned);
  EXPECT_EQ(number_of(item), 8);  // As it was.
  or_throw(item.park());
  EXPECT_TRUE(or_throw(parked_->pop(kNoWait)).poisoned());
  or_throw(or_throw(parked_->pop(kNoWait)).ack());
  EXPECT_EQ(parked_->pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueParked, HalfChangedBundleOfARepeatableQueueIsDeliveredAgain) {
  QueueOptions options = one_number(8);
  options.schema.push_back({"y", DType::int64, {1}});
  options.consume = Consume::repeatable;
  start(options);
  or_throw(push(*producer_, 7));
  {
    Item item = or_throw(consumer_->pop(kNoWait));
    or_throw(item.writable<std::int64_t>("y"))[0] = 8;
  }
  Item again = or_throw(consumer_->pop(kNoWait));
  EXPECT_EQ(number_of(again), 7);
  EXPECT_EQ(again.deliveries(), 2U);
}

TEST_F(QueueParked, IsNotDeliveredAgainOnceTheQueueHasEnded) {
  start(one_number(8));
  or_throw(push(*producer_, 7));
  or_throw(or_throw(consumer_->pop(kNoWait)).park());
  or_throw(producer_->finish());
  EXPECT_EQ(consumer_->pop().error().code, Errc::finished);
  Item item = or_throw(parked_->pop(kNoWait));
  EXPECT_EQ(item.nack().error().code, Errc::finished);
  EXPECT_EQ(number_of(item), 7);  // As it was.
  or_throw(item.ack());
}

}  // namespace
}  // namespace tenure::test
