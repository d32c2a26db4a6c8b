// SPDX-License-Identifier: Apache-2.0
// Command lines of queues.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/parsed.hpp"

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(QueueLine, ReadsWhatAQueueIsToBe) {
  const auto options = options_of<CreateOptions>({"create",
                                                  "digits",
                                                  "raw:uint8:2x3",
                                                  "x:any:64",
                                                  "--queue",
                                                  "--slots",
                                                  "8",
                                                  "--lanes",
                                                  "2",
                                                  "--max-deliveries",
                                                  "3",
                                                  "--stamp",
                                                  "--attribute-bytes",
                                                  "16",
                                                  "--drop-oldest",
                                                  "--in-place",
                                                  "--mode",
                                                  "0750"});
  const auto& queue = std::get<QueueOptions>(options.what);
  ASSERT_EQ(queue.schema.size(), 2U);
  EXPECT_EQ(queue.schema[1], (TensorSpec{"x", DType::any, {64}}));
  EXPECT_EQ(queue.slots, 8U);
  EXPECT_EQ(queue.lanes, 2U);
  EXPECT_EQ(queue.max_deliveries, 3U);
  EXPECT_EQ(queue.attribute_bytes, 16U);
  EXPECT_EQ(queue.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(queue.consume, Consume::in_place);
  EXPECT_EQ(queue.stamp, Stamp::monotonic);
  EXPECT_EQ(queue.terms.mode, 0750U);
}

TEST(QueueLine, CreatesPersistentQueuesByDefault) {
  const auto queue =
      std::get<QueueOptions>(options_of<CreateOptions>({"create", "q", "x:int8:", "--queue"}).what);
  EXPECT_EQ(queue.terms.lifetime, Lifetime::persistent);
  EXPECT_EQ(queue.slots, 64U);
  EXPECT_EQ(queue.lanes, 1U);
  EXPECT_EQ(queue.max_deliveries, 5U);
  EXPECT_EQ(queue.when_full, WhenFull::wait);
  EXPECT_EQ(queue.consume, Consume::read);
}

TEST(QueueLine, ReadsWhatIsPushed) {
  const auto options =
      options_of<PushOptions>({"push", "q", "a=a.npy", "b=b.npy", "--lane", "1", "--tag", "7"});
  ASSERT_EQ(options.files.size(), 2U);
  EXPECT_EQ(options.files[1].tensor, "b");
  EXPECT_EQ(options.lane, 1U);
  EXPECT_EQ(options.tag, 7U);
  EXPECT_FALSE(options.finishes);
  const auto end = options_of<PushOptions>({"push", "q", "--finish"});
  EXPECT_TRUE(end.files.empty());
  EXPECT_TRUE(end.finishes);
}

TEST(QueueLine, PopsOneAndIsDoneWithItByDefault) {
  const auto options = options_of<PopOptions>({"pop", "q"});
  EXPECT_EQ(options.lane, 0U);
  EXPECT_EQ(options.count, 1U);
  EXPECT_EQ(options.fate, Fate::acked);
  EXPECT_EQ(options.output, "");
}

TEST(QueueLine, ReadsWhatIsPopped) {
  const auto options = options_of<PopOptions>(
      {"pop", "q", "--lane", "1", "-o", "out/", "--tensor", "x", "--count", "9", "--nack"});
  EXPECT_EQ(options.lane, 1U);
  EXPECT_EQ(options.output, "out/");
  EXPECT_EQ(options.tensor, "x");
  EXPECT_EQ(options.count, 9U);
  EXPECT_EQ(options.fate, Fate::nacked);
  EXPECT_FALSE(options_of<PopOptions>({"pop", "q", "--count", "all"}).count);
  EXPECT_EQ(options_of<PopOptions>({"pop", "q", "--lane", "parked"}).lane, kParked);
  EXPECT_EQ(options_of<PopOptions>({"pop", "q", "--ack"}).fate, Fate::acked);
  EXPECT_EQ(options_of<PopOptions>({"pop", "q", "--park"}).fate, Fate::parked);
}

TEST(QueueLine, PassesOnToTheNextLaneOrTheOneThatIsNamed) {
  const auto next = options_of<PopOptions>({"pop", "--pass-on", "q"});
  EXPECT_EQ(next.name, "q");
  EXPECT_EQ(next.fate, Fate::passed_on);
  EXPECT_FALSE(next.to_lane);
  EXPECT_EQ(options_of<PopOptions>({"pop", "q", "--pass-on=3"}).to_lane, 3U);
}

TEST(QueueLine, ReadsWhatBecomesOfTheParked) {
  EXPECT_EQ(options_of<ParkedOptions>({"parked", "q"}).what, ParkedOptions::What::show);
  const auto some = options_of<ParkedOptions>({"parked", "q", "--requeue", "3"});
  EXPECT_EQ(some.what, ParkedOptions::What::requeue);
  EXPECT_EQ(some.count, 3U);
  const auto all = options_of<ParkedOptions>({"parked", "q", "--drop", "all"});
  EXPECT_EQ(all.what, ParkedOptions::What::drop);
  EXPECT_FALSE(all.count);
}

TEST(QueueLine, ReadsIntervals) {
  const auto options = options_of<LanesOptions>({"queue", "q", "--every", "1s", "--count", "3"});
  EXPECT_EQ(options.every, 1s);
  EXPECT_EQ(options.count, 3U);
  EXPECT_FALSE(options_of<LanesOptions>({"queue", "q"}).every);
}

TEST(QueueLine, RefusesWhatItDoesNotUnderstand) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"create", "q", "--queue"}, "a queue needs a tensor"},
      {{"create", "q", "x:int8:", "--queue", "--size", "1M"}, "contradict"},
      {{"create", "q", "x:int8:", "--queue", "--lossless"}, "--lossless is for topics"},
      {{"create", "q", "x:int8:", "--queue", "--subscribers", "2"}, "--subscribers is for topics"},
      {{"create", "q", "x:int8:", "--queue", "--grain", "4K"}, "--grain is for buffers"},
      {{"create", "q", "x:int8:", "--lanes", "2"}, "--lanes is for queues"},
      {{"create", "q", "x:int8:", "--drop-oldest"}, "--drop-oldest is for queues"},
      {{"create", "q", "--size", "1M", "--in-place"}, "--in-place is for queues"},
      {{"create", "q", "x:int8:", "--queue", "--in-place", "--repeatable"}, "two ways to consume"},
      {{"create", "q", "x:int8:", "--queue=1"}, "--queue takes no value"},
      {{"create", "q", "x:int8:", "--queue", "--lanes", "-1"}, "--lanes: no such number"},
      {{"push"}, "NAME"},
      {{"push", "q"}, "FILE is required, or --finish"},
      {{"push", "q", "a.npy", "b.npy"}, "several files"},
      {{"push", "q", "a.npy", "--lane", "parked"}, "--lane"},
      {{"pop", "q", "--lane", "-1"}, "--lane: no lane"},
      {{"pop", "q", "--count", "0"}, "--count: no such number"},
      {{"pop", "q", "--count", "some"}, "--count: no such number"},
      {{"pop", "q", "--ack", "--nack"}, "only one thing"},
      {{"pop", "q", "--park", "--pass-on"}, "only one thing"},
      {{"pop", "q", "--pass-on=next"}, "--pass-on: no lane: \"next\""},
      {{"pop", "q", "--nack=1"}, "--nack takes no value"},
      {{"parked", "q", "--requeue"}, "--requeue lacks its value"},
      {{"parked", "q", "--drop", "0"}, "--drop: no such number"},
      {{"parked", "q", "--drop", "1", "--requeue", "1"}, "contradict"},
      {{"queue"}, "NAME"},
      {{"queue", "q", "--every", "0s"}, "--every"},
      {{"queue", "q", "--count", "2"}, "--count counts"}};
  for (const auto& [arguments, reason] : cases) {
    EXPECT_THAT(misuse_of(arguments), HasSubstr(reason));
  }
}

}  // namespace
}  // namespace tenure::cli
