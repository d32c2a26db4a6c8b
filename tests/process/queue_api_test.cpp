// SPDX-License-Identifier: Apache-2.0
// What a program sees of a queue: bundles, order, lanes, redelivery, the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/queue_fixture.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class QueueApi : public QueueTest {};

TEST_F(QueueApi, BundleArrivesAsItWasPushed) {
  QueueOptions options;
  options.schema = {
      {"w", DType::float32, {64, 10}}, {"b", DType::float64, {10}}, {"step", DType::int64, {}}};
  options.stamp = Stamp::monotonic;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  Draft draft = or_throw(producer.draft());
  auto w = or_throw(draft.span<float>("w"));
  std::iota(w.begin(), w.end(), 1.0F);
  or_throw(draft.tensor("b", {4}));
  const std::array<std::byte, 3> attributes{std::byte{1}, std::byte{2}, std::byte{3}};
  or_throw(draft.set_note({.tag = 99, .attributes = attributes}));
  or_throw(producer.push(std::move(draft)));

  Item item = or_throw(consumer.pop(20s));
  EXPECT_EQ(item.deliveries(), 1U);
  EXPECT_FALSE(item.poisoned());
  EXPECT_EQ(item.note().tag, 99U);
  EXPECT_TRUE(std::ranges::equal(item.note().attributes, attributes));
  EXPECT_GT(item.published_at().count(), 0);
  EXPECT_EQ(or_throw(item.span<float>("w"))[639], 640.0F);
  EXPECT_EQ(or_throw(item.tensor("b")).size_bytes(), 4 * sizeof(double));
  EXPECT_EQ(item.tensor("step").error().code, Errc::not_found);
  EXPECT_EQ(item.schema().size(), 3U);
  or_throw(item.ack());
  EXPECT_EQ(item.tensor("w").error().code, Errc::stale);
  EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueApi, PushesCopiesOfTensors) {
  QueueOptions options = one_number();
  options.schema.push_back({"y", DType::float32, {2, 3}});
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const std::array<float, 6> source{1, 2, 3, 4, 5, 6};
  or_throw(producer.push({{"y", or_throw(TensorView::of(std::span(source), {2, 3}))}}, {.tag = 5}));
  const Item item = or_throw(consumer.pop(kNoWait));
  EXPECT_TRUE(std::ranges::equal(or_throw(item.span<float>("y")), source));
  EXPECT_EQ(item.note().tag, 5U);
  EXPECT_EQ(item.tensor("x").error().code, Errc::not_found);
}

TEST_F(QueueApi, IsFirstInFirstOut) {
  or_throw(client_.create_queue(name_, one_number(8)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  for (std::int64_t round = 0; round < 100; ++round) {
    for (std::int64_t i = 0; i < 8; ++i) {
      or_throw(push(producer, round * 8 + i));
    }
    EXPECT_EQ(push(producer, 0).error().code, Errc::full);
    for (std::int64_t i = 0; i < 8; ++i) {
      ASSERT_EQ(take(consumer), round * 8 + i);
    }
  }
}

TEST_F(QueueApi, EachBundleGoesToOneConsumer) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Client other = connect("other");
  Consumer first = or_throw(client_.consumer(name_));
  Consumer second = or_throw(other.consumer(name_));
  or_throw(push(producer, 1));
  or_throw(push(producer, 2));
  Item one = or_throw(first.pop(kNoWait));
  Item two = or_throw(second.pop(kNoWait));
  EXPECT_EQ(number_of(one), 1);
  EXPECT_EQ(number_of(two), 2);
  EXPECT_EQ(first.pop(kNoWait).error().code, Errc::empty);
}

TEST_F(QueueApi, PopManyTakesWhatIsThere) {
  or_throw(client_.create_queue(name_, one_number(8)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  EXPECT_EQ(consumer.pop_many(4, kNoWait).error().code, Errc::empty);
  for (std::int64_t i = 0; i < 5; ++i) {
    or_throw(push(producer, i));
  }
  std::vector<Item> items = or_throw(consumer.pop_many(3));
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(number_of(items[2]), 2);
  EXPECT_EQ(or_throw(consumer.pop_many(3)).size(), 2U);  // Destroyed: they come again.
  EXPECT_EQ(or_throw(consumer.pop_many(100, 1s)).size(), 2U);
}

TEST_F(QueueApi, NackedBundleComesAgainBeforeAllOthers) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 1));
  or_throw(push(producer, 2));
  or_throw(or_throw(consumer.pop(kNoWait)).nack());
  Item again = or_throw(consumer.pop(kNoWait));
  EXPECT_EQ(number_of(again), 1);
  EXPECT_EQ(again.deliveries(), 2U);
  EXPECT_EQ(take(consumer), 2);
}

TEST_F(QueueApi, PassesBundlesOnFromLaneToLane) {
  QueueOptions options = one_number(4, 3);
  options.schema.push_back({"y", DType::float32, {4}});
  options.consume = Consume::in_place;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer first = or_throw(client_.consumer(name_));
  Consumer second = or_throw(client_.consumer(name_, {.lane = 1}));
  Consumer third = or_throw(client_.consumer(name_, {.lane = 2}));
  or_throw(push(producer, 7));
  Item item = or_throw(first.pop(kNoWait));
  or_throw(item.writable<float>("y"))[3] = 2.5F;
  or_throw(item.pass_on());
  EXPECT_EQ(item.pass_on().error().code, Errc::stale);
  EXPECT_EQ(first.pop(kNoWait).error().code, Errc::empty);

  Item next = or_throw(second.pop(kNoWait));
  EXPECT_EQ(next.deliveries(), 1U);
  EXPECT_EQ(number_of(next), 7);
  EXPECT_EQ(or_throw(next.span<float>("y"))[3], 2.5F);
  or_throw(next.ack());

  or_throw(push(producer, 8));
  or_throw(or_throw(first.pop(kNoWait)).pass_on(2));
  EXPECT_EQ(second.pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(take(third), 8);
}

TEST_F(QueueApi, ProducersFillTheLaneThatTheyOpened) {
  or_throw(client_.create_queue(name_, one_number(4, 2)));
  Producer producer = or_throw(client_.producer(name_, {.lane = 1}));
  Consumer first = or_throw(client_.consumer(name_));
  Consumer second = or_throw(client_.consumer(name_, {.lane = 1}));
  or_throw(push(producer, 7));
  EXPECT_EQ(first.pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(take(second), 7);
}

TEST_F(QueueApi, WritableTensorKeepsWhatItIsUnlessToldOtherwise) {
  QueueOptions options;
  options.schema = {{"x", DType::int64, {8}}, {"any", DType::any, {64}}};
  options.consume = Consume::in_place;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  Draft draft = or_throw(producer.draft());
  std::ranges::fill(or_throw(or_throw(draft.tensor("x", {3})).as<std::int64_t>()), 5);
  or_throw(draft.tensor("any", DType::float32, {2}));
  or_throw(producer.push(std::move(draft)));
  Item item = or_throw(consumer.pop());
  const auto x = or_throw(item.writable<std::int64_t>("x"));
  EXPECT_EQ(x.size(), 3U);
  EXPECT_EQ(x[2], 5);
  EXPECT_EQ(or_throw(item.writable<float>("any")).size(), 2U);
  EXPECT_EQ(or_throw(item.writable("any", DType::uint8, {7})).size_bytes(), 7U);
  EXPECT_EQ(or_throw(item.writable("x", {8})).size_bytes(), 64U);
  EXPECT_EQ(or_throw(item.tensor("x")).size_bytes(), 64U);
}

TEST_F(QueueApi, DropOldestMakesRoom) {
  QueueOptions options = one_number(2);
  options.when_full = WhenFull::drop_oldest;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  for (std::int64_t i = 1; i <= 5; ++i) {
    or_throw(push(producer, i));
  }
  EXPECT_EQ(or_throw(client_.stat(name_)).dropped, 3U);
  const Item fourth = or_throw(consumer.pop(kNoWait));
  const Item fifth = or_throw(consumer.pop(kNoWait));
  EXPECT_EQ(number_of(fourth), 4);
  EXPECT_EQ(number_of(fifth), 5);
  EXPECT_EQ(push(producer, 6).error().code, Errc::full);  // What was delivered is not dropped.
  EXPECT_EQ(producer.wait(kNoWait).error().code, Errc::full);
}

TEST_F(QueueApi, FinishDrainsLaneAfterLane) {
  or_throw(client_.create_queue(name_, one_number(4, 2)));
  Producer producer = or_throw(client_.producer(name_));
  Producer late = or_throw(client_.producer(name_));
  Consumer first = or_throw(client_.consumer(name_));
  Consumer second = or_throw(client_.consumer(name_, {.lane = 1}));
  or_throw(push(producer, 1));
  Draft draft = or_throw(producer.draft());
  or_throw(draft.span<std::int64_t>("x"))[0] = 2;
  or_throw(late.finish());
  EXPECT_EQ(push(late, 3).error().code, Errc::finished);
  EXPECT_TRUE(producer.wait(kNoWait));  // It need not wait to be told so.
  or_throw(producer.push(std::move(draft)));
  EXPECT_EQ(push(producer, 3).error().code, Errc::finished);

  or_throw(or_throw(first.pop()).pass_on());
  Item last = or_throw(first.pop());
  EXPECT_EQ(number_of(last), 2);
  EXPECT_EQ(first.pop(kNoWait).error().code, Errc::empty);  // It may come again.
  or_throw(last.nack());
  EXPECT_EQ(take(first), 2);
  EXPECT_EQ(first.pop().error().code, Errc::finished);
  EXPECT_EQ(take(second), 1);
  EXPECT_EQ(second.pop().error().code, Errc::finished);
  EXPECT_TRUE(second.wait(kNoWait));
  EXPECT_TRUE(or_throw(client_.inspect(name_)).finished);
}

TEST_F(QueueApi, SlotCountsFromOneToTheMost) {
  for (const std::size_t slots : {std::size_t{1}, std::size_t{2}, std::size_t{65'535}}) {
    const std::string name = name_ + std::to_string(slots);
    or_throw(client_.create_queue(name, one_number(slots)));
    Producer producer = or_throw(client_.producer(name));
    Consumer consumer = or_throw(client_.consumer(name));
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < slots; ++i) {
        or_throw(push(producer, static_cast<std::int64_t>(i)));
      }
      EXPECT_EQ(push(producer, 0).error().code, Errc::full);
      for (std::size_t i = 0; i < slots; ++i) {
        ASSERT_EQ(take(consumer), static_cast<std::int64_t>(i));
      }
      EXPECT_EQ(take(consumer), -1);
    }
  }
}

TEST_F(QueueApi, LargeSchemaTravelsAsAFileDescriptor) {
  QueueOptions options;
  for (int i = 0; i < 1000; ++i) {
    options.schema.push_back(
        {"a tensor with a long name, number " + std::to_string(i), DType::uint8, {1}});
  }
  or_throw(client_.create_queue(name_, options));
  or_throw(client_.create_queue(name_, options));  // As it is.
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  Draft draft = or_throw(producer.draft());
  or_throw(draft.span<std::uint8_t>(options.schema[999].name))[0] = 9;
  or_throw(producer.push(std::move(draft)));
  const Item item = or_throw(consumer.pop());
  EXPECT_EQ(or_throw(item.span<std::uint8_t>(options.schema[999].name))[0], 9);
  EXPECT_EQ(or_throw(client_.inspect(name_)).schema.size(), 1000U);
}

}  // namespace
}  // namespace tenure::test
