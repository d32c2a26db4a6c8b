// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/slot_plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::layout {
namespace {

using Schema = std::vector<TensorSpec>;

constexpr auto kHalf = static_cast<std::int64_t>(kMaxTensorBytes / 2);

Schema one(TensorSpec spec) {
  return {std::move(spec)};
}

void expect_refused(const Schema& schema, const std::string& needle) {
  const auto plan = plan_slot(schema, 0);
  ASSERT_FALSE(plan) << needle;
  EXPECT_EQ(plan.error().code, Errc::bad_request);
  EXPECT_THAT(plan.error().detail, testing::HasSubstr(needle));
}

TEST(SlotPlan, BeginsWithRecordDescriptorsExtensionsAttributes) {
  const auto plan = plan_slot(Schema{{"a", DType::uint8, {1}}, {"b", DType::uint8, {1}}}, 100);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->descriptors_offset_bytes, sizeof(SlotRecord));
  EXPECT_EQ(plan->extensions_offset_bytes, 64U + 2 * 64U);
  EXPECT_EQ(plan->attributes_offset_bytes, 64U + 2 * 64U + 2 * 128U);
}

TEST(SlotPlan, PutsASmallTensorOnThe256thByte) {
  const auto plan = plan_slot(one({"w", DType::float32, {64, 10}}), 256);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tensors[0].offset_bytes, 512U);
  EXPECT_EQ(plan->tensors[0].room_bytes, 2560U);
  EXPECT_EQ(plan->stride_bytes, 3072U);
}

TEST(SlotPlan, PutsATensorOfAPageOnAPage) {
  const auto plan = plan_slot(Schema{{"a", DType::uint8, {4095}}, {"b", DType::uint8, {4096}}}, 0);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tensors[0].offset_bytes, 512U);  // 448 bytes of record, descriptors, extensions
  EXPECT_EQ(plan->tensors[1].offset_bytes, 8192U);
  EXPECT_EQ(plan->stride_bytes, 12288U);
}

TEST(SlotPlan, StrideKeepsTheAlignmentOfEverySlot) {
  const auto small = plan_slot(one({"a", DType::uint8, {1}}), 0);
  const auto large = plan_slot(one({"a", DType::uint8, {4097}}), 0);
  ASSERT_TRUE(small && large);
  EXPECT_EQ(small->stride_bytes % kTensorAlignBytes, 0U);
  EXPECT_EQ(large->stride_bytes % kPageAlignBytes, 0U);
}

TEST(SlotPlan, GivesEveryTensorRoomOfItsOwn) {
  Schema schema;
  for (std::int64_t i = 0; i < 200; ++i) {
    schema.push_back({"t" + std::to_string(i), DType::uint16, {i * i * 7 % 5000}});
  }
  const auto plan = plan_slot(schema, 33);
  ASSERT_TRUE(plan);
  std::uint64_t end = plan->attributes_offset_bytes + 33;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const TensorPlace& place = plan->tensors[i];
    EXPECT_GE(place.offset_bytes, end) << i;
    EXPECT_EQ(place.offset_bytes % (place.room_bytes >= 4096 ? 4096 : 256), 0U) << i;
    end = place.offset_bytes + place.room_bytes;
  }
  EXPECT_GE(plan->stride_bytes, end);
}

TEST(SlotPlan, TakesTheLargestSchemaAndTheSmallestTensors) {
  Schema schema;
  for (std::size_t i = 0; i < kMaxTensors; ++i) {
    schema.push_back({"t" + std::to_string(i), DType::uint8, {0}});
  }
  ASSERT_TRUE(plan_slot(schema, kMaxAttributeBytes));
  schema.push_back({"one more", DType::uint8, {0}});
  expect_refused(schema, "4097 tensors");
}

TEST(SlotPlan, TakesAnOpenDTypeByItsBytes) {
  const auto plan = plan_slot(one({"a", DType::any, {1000}}), 0);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tensors[0].room_bytes, 1000U);
}

TEST(SlotPlan, RefusesAnEmptySchema) {
  expect_refused({}, "0 tensors");
}

TEST(SlotPlan, RefusesTooMuchRoomForAttributes) {
  const auto plan = plan_slot(one({"a", DType::uint8, {1}}), 4097);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().detail, testing::HasSubstr("attribute_bytes: 4097"));
}

TEST(SlotPlan, RefusesBadNames) {
  expect_refused(one({"", DType::uint8, {1}}), "schema[0].name: 0 bytes");
  expect_refused(one({std::string(256, 'a'), DType::uint8, {1}}), "schema[0].name: 256 bytes");
  expect_refused(one({std::string("a\0b", 3), DType::uint8, {1}}), "not UTF-8");
  EXPECT_TRUE(plan_slot(one({std::string(255, 'a'), DType::uint8, {1}}), 0));
}

TEST(SlotPlan, RefusesNamesThatAreNotUtf8) {
  for (const std::string name : {"\x80",
                                 "\xC0\xAF",
                                 "\xC1\x81",
                                 "\xC3",
                                 "a\xC3",
                                 "\xC3(",
                                 "\xE0\x80\x80",
                                 "\xE0\xA0",
                                 "\xED\xA0\x80",
                                 "\xF0\x80\x80\x80",
                                 "\xF0\x90\x80",
                                 "\xF4\x90\x80\x80",
                                 "\xF5\x80\x80\x80",
                                 "\xFF"}) {
    expect_refused(one({name, DType::uint8, {1}}), "not UTF-8");
  }
}

TEST(SlotPlan, TakesNamesOfAnyScript) {
  for (const std::string name :
       {"é", "重み", "\xF0\x9F\x90\x88", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(plan_slot(one({name, DType::uint8, {1}}), 0)) << name;
  }
}

TEST(SlotPlan, RefusesANameThatStandsTwice) {
  expect_refused({{"a", DType::uint8, {1}}, {"a", DType::uint8, {2}}}, "the name a stands twice");
}

TEST(SlotPlan, RefusesBadShapes) {
  expect_refused(one({"a", DType::uint8, {1, 1, 1, 1, 1, 1, 1, 1, 1}}), "a: rank 9");
  expect_refused(one({"a", DType::uint8, {-1}}), "a: a negative extent");
  expect_refused(one({"a", DType::uint8, {kHalf, 3}}), "too many bytes");
  expect_refused(one({"a", static_cast<DType>(0x00801), {1}}), "a dtype without bits");
}

TEST(SlotPlan, RefusesAnOpenDTypeOfAnotherRank) {
  expect_refused(one({"a", DType::any, {}}), "open dtype");
  expect_refused(one({"a", DType::any, {1, 1}}), "open dtype");
}

TEST(SlotPlan, RefusesABundleBeyondTheLimit) {
  EXPECT_TRUE(plan_slot(one({"a", DType::uint8, {kHalf}}), 0));
  expect_refused({{"a", DType::uint8, {kHalf}}, {"b", DType::uint8, {kHalf}}}, "more than 2^56");
}

}  // namespace
}  // namespace tenure::layout
