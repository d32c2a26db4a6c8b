// SPDX-License-Identifier: Apache-2.0
#include <tenure/tensor.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/layout/tensor_access.hpp"

namespace tenure {
namespace {

using detail::TensorAccess;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kFourBits = static_cast<DType>(0x10400);

std::span<const float> floats(std::size_t count) {
  static const std::vector<float> memory(1000);
  return std::span(memory).first(count);
}

void expect_refused(const Result<TensorView>& result, const std::string& needle) {
  ASSERT_FALSE(result) << needle;
  EXPECT_EQ(result.error().code, Errc::bad_request);
  EXPECT_THAT(result.error().detail, HasSubstr(needle));
}

TEST(TensorView, OfMemorySaysWhatItIs) {
  const auto view = TensorView::of(floats(24), {2, 3, 4});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->dtype(), DType::float32);
  EXPECT_THAT(view->shape(), ElementsAre(2, 3, 4));
  EXPECT_THAT(view->strides_bytes(), ElementsAre(48, 16, 4));
  EXPECT_EQ(view->size_bytes(), 96U);
  EXPECT_EQ(view->element_count(), 24U);
  EXPECT_TRUE(view->is_contiguous());
}

TEST(TensorView, TakesEveryRankUpToEight) {
  std::vector<std::int64_t> extents;
  for (std::size_t rank = 0; rank <= kMaxRank; ++rank) {
    const auto view = TensorView::of(floats(std::size_t{1} << rank), Shape(extents));
    ASSERT_TRUE(view) << rank;
    EXPECT_EQ(view->shape().size(), rank);
    EXPECT_EQ(view->strides_bytes().size(), rank);
    extents.push_back(2);
  }
  expect_refused(TensorView::of(floats(512), Shape(extents)), "rank 9");
}

TEST(TensorView, RefusesAnotherNumberOfElements) {
  expect_refused(TensorView::of(floats(23), {2, 3, 4}),
                 "[2, 3, 4] of float32 takes 96 bytes, not 92");
  expect_refused(TensorView::of(floats(1), {0}), "takes 0 bytes, not 4");
}

TEST(TensorView, RefusesBadExtents) {
  expect_refused(TensorView::of(floats(1), {-1}), "[-1]");
  expect_refused(TensorView::of(floats(1), {std::numeric_limits<std::int64_t>::max(), 4}), "2^56");
}

TEST(TensorView, RefusesADTypeWithoutBits) {
  expect_refused(TensorView::of_bytes(std::as_bytes(floats(1)), DType::any, {4}), "dtype");
}

TEST(TensorView, PacksSubByteElements) {
  const auto view = TensorView::of_bytes(std::as_bytes(floats(1)), kFourBits, {7});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->element_count(), 7U);
  EXPECT_EQ(view->size_bytes(), 4U);
  EXPECT_TRUE(view->is_contiguous());
}

TEST(TensorView, GivesItsElementsInTheirOwnTypeOnly) {
  const auto view = TensorView::of(floats(6), {2, 3});
  ASSERT_TRUE(view);
  const auto same = view->as<float>();
  ASSERT_TRUE(same);
  EXPECT_EQ(same->data(), floats(6).data());
  EXPECT_EQ(same->size(), 6U);
  const auto other = view->as<std::int32_t>();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::bad_request);
  EXPECT_EQ(other.error().detail, "dtype: the tensor is float32, not int32");
}

struct Strided {
  const char* what;
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides_bytes;
  bool is_contiguous;
};

TensorView view_of(const Strided& strided, DType dtype = DType::float32) {
  return TensorAccess::view(std::as_bytes(floats(1000)).data(),
                            {.dtype = dtype,
                             .extents = strided.extents,
                             .strides_bytes = strided.strides_bytes,
                             .size_bytes = 24});
}

TEST(TensorView, KnowsContiguousStridesFromOthers) {
  const std::vector<Strided> cases{
      {"C order", {2, 3}, {12, 4}, true},
      {"transposed", {2, 3}, {4, 8}, false},
      {"a gap between rows", {2, 3}, {16, 4}, false},
      {"every other element", {6}, {8}, false},
      {"backwards", {6}, {-4}, false},
      {"broadcast", {6}, {0}, false},
      {"strides of extents 1 do not matter", {1, 6, 1}, {-99, 4, 1000}, true},
      {"nothing lies anywhere", {2, 0, 3}, {7, 7, 7}, true},
      {"scalar", {}, {}, true},
  };
  for (const Strided& strided : cases) {
    EXPECT_EQ(view_of(strided).is_contiguous(), strided.is_contiguous) << strided.what;
  }
}

TEST(TensorView, RefusesToBeOneSpanWhereStrided) {
  const auto refused = view_of({"", {2, 3}, {16, 4}, false}).as<float>();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_request);
  EXPECT_THAT(refused.error().detail, HasSubstr("[16, 4] bytes for the shape [2, 3]"));
}

TEST(TensorView, EmptyOneIsHarmless) {
  const TensorView view;
  EXPECT_EQ(view.size_bytes(), 0U);
  EXPECT_EQ(view.data(), nullptr);
  EXPECT_TRUE(view.shape().empty());
}

TEST(Shape, KeepsHowManyExtentsItWasGiven) {
  const Shape shape(std::vector<std::int64_t>(1000, 1));
  EXPECT_EQ(shape.rank(), 1000U);
  EXPECT_EQ(shape.extents().size(), kMaxRank);
}

}  // namespace
}  // namespace tenure
