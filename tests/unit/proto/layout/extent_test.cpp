// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/extent.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::layout {
namespace {

using Extents = std::vector<std::int64_t>;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr auto kFourBits = static_cast<DType>(0x10400);
constexpr auto kHugeItem = static_cast<DType>(0xfffff802);  // 65535 lanes of 248 bits

TEST(ElementCount, IsTheProduct) {
  EXPECT_EQ(element_count({}), 1U);
  EXPECT_EQ(element_count(Extents{7}), 7U);
  EXPECT_EQ(element_count(Extents{2, 3, 4}), 24U);
  EXPECT_EQ(element_count(Extents{2, 0, 4}), 0U);
}

TEST(ElementCount, ReachesTheLimitExactly) {
  EXPECT_EQ(element_count(Extents{1LL << 28, 1LL << 28}), kMaxTensorBytes);
  EXPECT_EQ(element_count(Extents{(1LL << 28) + 1, 1LL << 28}), std::nullopt);
}

TEST(ElementCount, RefusesNegativeExtents) {
  EXPECT_EQ(element_count(Extents{2, -1}), std::nullopt);
  EXPECT_EQ(element_count(Extents{std::numeric_limits<std::int64_t>::min()}), std::nullopt);
}

TEST(ElementCount, RefusesWhatWouldWrapAround) {
  EXPECT_EQ(element_count(Extents{kMost, 2}), std::nullopt);
  EXPECT_EQ(element_count(Extents{1LL << 32, 1LL << 32}), std::nullopt);
  EXPECT_EQ(element_count(Extents(8, kMost)), std::nullopt);
}

TEST(ElementCount, ZeroDoesNotHideAnAbsurdExtent) {
  EXPECT_EQ(element_count(Extents{0, kMost}), std::nullopt);
  EXPECT_EQ(element_count(Extents{kMost, 0}), std::nullopt);
  EXPECT_EQ(element_count(Extents{0, -1}), std::nullopt);
}

TEST(PackedBytes, MultipliesByTheItem) {
  EXPECT_EQ(packed_bytes(Extents{64, 10}, DType::float32), 2560U);
  EXPECT_EQ(packed_bytes(Extents{}, DType::complex128), 16U);
  EXPECT_EQ(packed_bytes(Extents{0}, DType::float32), 0U);
}

TEST(PackedBytes, CountsALastPartialByte) {
  EXPECT_EQ(packed_bytes(1, kFourBits), 1U);
  EXPECT_EQ(packed_bytes(2, kFourBits), 1U);
  EXPECT_EQ(packed_bytes(3, kFourBits), 2U);
}

TEST(PackedBytes, RefusesADTypeWithoutBits) {
  EXPECT_EQ(packed_bytes(1, DType::any), std::nullopt);
  EXPECT_EQ(packed_bytes(0, static_cast<DType>(0x00801)), std::nullopt);
}

TEST(PackedBytes, ReachesTheLimitExactly) {
  EXPECT_EQ(packed_bytes(kMaxTensorBytes / 8, DType::float64), kMaxTensorBytes);
  EXPECT_EQ(packed_bytes(kMaxTensorBytes / 8 + 1, DType::float64), std::nullopt);
  EXPECT_EQ(packed_bytes(kMaxTensorBytes * 2, kFourBits), kMaxTensorBytes);
  EXPECT_EQ(packed_bytes(kMaxTensorBytes * 2 + 1, kFourBits), std::nullopt);
}

TEST(PackedBytes, RefusesWhatWouldWrapAround) {
  EXPECT_EQ(packed_bytes(std::numeric_limits<std::uint64_t>::max(), DType::uint8), std::nullopt);
  EXPECT_EQ(packed_bytes(std::uint64_t{1} << 56U, kHugeItem), std::nullopt);
}

Extents strides_of(const Extents& extents, DType dtype) {
  Extents strides(extents.size());
  contiguous_strides(extents, dtype, strides);
  return strides;
}

TEST(ContiguousStrides, AreInBytesInnermostLast) {
  EXPECT_THAT(strides_of({2, 3, 4}, DType::float32), testing::ElementsAre(48, 16, 4));
  EXPECT_THAT(strides_of({}, DType::float32), testing::IsEmpty());
}

TEST(ContiguousStrides, CountAZeroExtentAsOne) {
  EXPECT_THAT(strides_of({2, 0, 4}, DType::uint8), testing::ElementsAre(4, 4, 1));
}

TEST(ContiguousStrides, AreZeroBelowAByte) {
  EXPECT_THAT(strides_of({2, 3}, kFourBits), testing::ElementsAre(0, 0));
}

TEST(ContiguousStrides, OfAnEmptyTensorMayBeAnything) {
  // Items of 2 MiB and 2^56 of them, none of which exists: nothing may overflow.
  EXPECT_EQ(strides_of({2, 1LL << 56, 0}, kHugeItem).size(), 3U);
}

}  // namespace
}  // namespace tenure::layout
