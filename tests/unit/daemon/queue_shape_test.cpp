// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/queue_shape.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/layout/slot_plan.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kPage = 4096;

QueueOptions options() {
  QueueOptions options{.schema = {{"x", DType::uint8, {64}}}};
  options.terms.gid = 100;
  return options;
}

template <class Change>
std::string refused(Change change) {
  QueueOptions bad = options();
  change(bad);
  const auto shape = shape_queue(bad, kPage);
  EXPECT_EQ(shape ? Errc{0} : shape.error().code, Errc::bad_request);
  return shape ? std::string() : shape.error().detail;
}

template <class Change>
std::string difference(Change change) {
  QueueOptions asked = options();
  change(asked);
  return first_difference(options(), asked).value_or("none");
}

TEST(QueueShape, PartsAreWholePages) {
  QueueOptions queue = options();
  queue.slots = 3;
  const QueueShape shape = shape_queue(queue, kPage).value();
  EXPECT_EQ(shape.slot_stride_bytes,
            layout::plan_slot(queue.schema, queue.attribute_bytes)->stride_bytes);
  EXPECT_EQ(shape.head_bytes, kPage);  // 3,200 bytes, 3 lines, 4 rings of 4 cells.
  EXPECT_EQ(shape.data_bytes % kPage, 0U);
  EXPECT_GE(shape.data_bytes, 3 * shape.slot_stride_bytes);
  EXPECT_LT(shape.data_bytes, 3 * shape.slot_stride_bytes + kPage);
  EXPECT_EQ(shape.total_bytes(), shape.head_bytes + shape.data_bytes);
  EXPECT_EQ(shape.schema_bytes, 0U);
}

TEST(QueueShape, LargeSchemaCountsItsText) {
  QueueOptions queue = options();
  for (int i = 0; i < 1000; ++i) {
    queue.schema.push_back({"tensor" + std::to_string(i), DType::uint8, {1}});
  }
  const QueueShape shape = shape_queue(queue, kPage).value();
  EXPECT_GE(shape.schema_bytes, wire::encode_schema(queue.schema).size());
}

TEST(QueueShape, RefusesOptionsByTheNameOfTheField) {
  EXPECT_EQ(refused([](QueueOptions& o) { o.slots = 0; }), "slots: 0; 1 to 65535 are allowed");
  EXPECT_THAT(refused([](QueueOptions& o) { o.slots = 65'536; }), HasSubstr("slots: 65536"));
  EXPECT_EQ(refused([](QueueOptions& o) { o.lanes = 0; }), "lanes: 0; 1 to 8 are allowed");
  EXPECT_THAT(refused([](QueueOptions& o) { o.lanes = 9; }), HasSubstr("lanes: 9"));
  EXPECT_EQ(refused([](QueueOptions& o) { o.max_deliveries = 128; }),
            "max_deliveries: 128; 0 to 127 are allowed");
  EXPECT_THAT(refused([](QueueOptions& o) { o.attribute_bytes = 4097; }),
              HasSubstr("attribute_bytes: 4097"));
  EXPECT_THAT(refused([](QueueOptions& o) { o.terms.mode = 01000; }), HasSubstr("mode: 512"));
  EXPECT_THAT(refused([](QueueOptions& o) { o.schema.clear(); }), HasSubstr("schema: 0 tensors"));
}

TEST(QueueShape, NumbersThatAreTooWideAreNotCutOff) {
  const std::size_t wide = std::size_t{1} << 32U;
  EXPECT_THAT(refused([&](QueueOptions& o) { o.slots = wide + 4; }),
              HasSubstr("slots: 4294967300"));
  EXPECT_THAT(refused([&](QueueOptions& o) { o.lanes = wide + 1; }),
              HasSubstr("lanes: 4294967297"));
  EXPECT_THAT(refused([&](QueueOptions& o) { o.max_deliveries = wide; }),
              HasSubstr("max_deliveries: 4294967296"));
}

TEST(QueueShape, LargestNumbersAreAllowed) {
  QueueOptions queue = options();
  queue.slots = 65'535;
  queue.lanes = 8;
  queue.max_deliveries = 127;
  EXPECT_TRUE(shape_queue(queue, kPage).has_value());
  queue.max_deliveries = 0;
  EXPECT_TRUE(shape_queue(queue, kPage).has_value());
}

TEST(QueueShape, SlotsThatWouldOverflowAreRefused) {
  // 65,535 of 2^48 bytes are more than 64 bits hold; 2^56 in all are refused, and a little less is
  // for the budget to refuse.
  const auto huge = [](QueueOptions& o) {
    o.slots = 65'535;
    o.schema[0].shape = {std::int64_t{1} << 48};
  };
  EXPECT_THAT(refused(huge), HasSubstr("slots: 65535; of 281474976714752 bytes each"));
  EXPECT_THAT(refused([](QueueOptions& o) {
                o.slots = 256;
                o.schema[0].shape = {std::int64_t{1} << 48};
              }),
              HasSubstr("more than 2^56"));
  QueueOptions queue = options();
  queue.slots = 255;
  queue.schema[0].shape = {std::int64_t{1} << 48};
  const auto shape = shape_queue(queue, kPage);
  ASSERT_TRUE(shape.has_value()) << shape.error().message();
  EXPECT_GE(shape->data_bytes, 255 * (std::uint64_t{1} << 48));
}

TEST(QueueShape, FirstDifferenceIsNamed) {
  EXPECT_EQ(difference([](QueueOptions&) {}), "none");
  EXPECT_EQ(difference([](QueueOptions& o) { o.slots = 8; }), "slots: 64 there, 8 asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.lanes = 2; }), "lanes: 1 there, 2 asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.max_deliveries = 0; }),
            "max_deliveries: 5 there, 0 asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.attribute_bytes = 0; }),
            "attribute_bytes: 256 there, 0 asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.when_full = WhenFull::drop_oldest; }),
            "when_full: wait there, drop_oldest asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.consume = Consume::in_place; }),
            "consume: read there, in_place asked for");
  EXPECT_EQ(difference([](QueueOptions& o) { o.stamp = Stamp::monotonic; }),
            "stamp: none there, monotonic asked for");
  EXPECT_THAT(difference([](QueueOptions& o) { o.schema[0].shape = {63}; }),
              HasSubstr("schema[0]: x uint8[64] there, x uint8[63]"));
  EXPECT_THAT(difference([](QueueOptions& o) { o.terms.mode = 0755; }),
              HasSubstr("mode: 0700 there, 0755"));
}

TEST(QueueShape, RulesAreTheOptions) {
  QueueOptions queue = options();
  queue.slots = 9;
  queue.lanes = 2;
  queue.max_deliveries = 3;
  EXPECT_EQ(rules_of(queue).slots, 9U);
  EXPECT_EQ(rules_of(queue).lanes, 2U);
  EXPECT_EQ(rules_of(queue).max_deliveries, 3U);
  EXPECT_FALSE(rules_of(queue).is_repeatable);
  queue.consume = Consume::in_place;
  EXPECT_FALSE(rules_of(queue).is_repeatable);
  queue.consume = Consume::repeatable;
  EXPECT_TRUE(rules_of(queue).is_repeatable);
}

}  // namespace
}  // namespace tenure::core
