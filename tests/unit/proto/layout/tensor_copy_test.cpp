// SPDX-License-Identifier: Apache-2.0
#include <tenure/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_access.hpp"
#include "tests/support/seed.hpp"

namespace tenure {
namespace {

using detail::TensorAccess;
using Extents = std::vector<std::int64_t>;
using testing::HasSubstr;

constexpr auto kFourBits = static_cast<DType>(0x10400);
constexpr auto kThreeBytes = static_cast<DType>(0x30801);  // uint8, three lanes

// Memory of its own, large enough for all elements, and a tensor in it with the given strides.
class Side {
 public:
  Side(DType dtype, Extents extents, Extents strides_bytes)
      : dtype_(dtype), extents_(std::move(extents)), strides_(std::move(strides_bytes)) {
    std::int64_t low = 0;
    auto high = static_cast<std::int64_t>(bits_of(dtype) / 8);
    for (std::size_t i = 0; i < extents_.size(); ++i) {
      const std::int64_t reach = strides_[i] * std::max<std::int64_t>(extents_[i] - 1, 0);
      (reach < 0 ? low : high) += reach;
    }
    begin_ = -low;
    memory_.resize(static_cast<std::size_t>(high - low));
  }
  static Side contiguous(DType dtype, const Extents& extents) {
    Extents strides(extents.size());
    layout::contiguous_strides(extents, dtype, strides);
    return {dtype, extents, strides};
  }

  void fill(unsigned seed) {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      memory_[i] = static_cast<std::byte>((i * 31 + seed) % 251);
    }
  }
  std::vector<std::byte>& memory() { return memory_; }
  std::byte* first() { return memory_.data() + begin_; }
  TensorSpan span() { return TensorAccess::span(first(), fields()); }
  const Extents& extents() const { return extents_; }
  std::size_t item_bytes() const { return bits_of(dtype_) / 8; }

  // Where the element with this index lies in memory().
  std::size_t offset_of(const Extents& index) const {
    return static_cast<std::size_t>(
        std::inner_product(index.begin(), index.end(), strides_.begin(), begin_));
  }

 private:
  TensorAccess::Fields fields() const {
    return {.dtype = dtype_,
            .extents = extents_,
            .strides_bytes = strides_,
            .size_bytes = layout::packed_bytes(extents_, dtype_).value_or(0)};
  }

  DType dtype_;
  Extents extents_;
  Extents strides_;
  std::int64_t begin_ = 0;
  std::vector<std::byte> memory_;
};

// Element by element, in C order, straight from the definition.
std::vector<std::byte> copied_naively(Side& to, Side& from) {
  std::vector<std::byte> expected = to.memory();
  Extents index(to.extents().size(), 0);
  std::uint64_t left = layout::element_count(to.extents()).value_or(0);
  for (; left > 0; --left) {
    std::memcpy(
        &expected[to.offset_of(index)], &from.memory()[from.offset_of(index)], to.item_bytes());
    for (std::size_t i = index.size(); i-- > 0;) {
      if (++index[i] < to.extents()[i]) {
        break;
      }
      index[i] = 0;
    }
  }
  return expected;
}

void expect_copy(Side to, Side from, const std::string& what) {
  to.fill(7);
  from.fill(113);
  const auto expected = copied_naively(to, from);
  const auto copied = to.span().copy_from(from.span());
  ASSERT_TRUE(copied) << what << copied.error().message();
  EXPECT_EQ(to.memory(), expected) << what;
}

TEST(TensorCopy, OfContiguousTensors) {
  const Extents extents{3, 4, 5};
  expect_copy(
      Side::contiguous(DType::float32, extents), Side::contiguous(DType::float32, extents), "");
}

TEST(TensorCopy, OfScalars) {
  expect_copy(Side::contiguous(DType::float64, {}), Side::contiguous(DType::float64, {}), "");
}

TEST(TensorCopy, TransposesIntoCOrder) {
  expect_copy(Side::contiguous(DType::int16, {3, 4}), {DType::int16, {3, 4}, {2, 6}}, "");
}

TEST(TensorCopy, ReadsBackwards) {
  expect_copy(Side::contiguous(DType::int32, {5, 3}), {DType::int32, {5, 3}, {-12, 4}}, "rows");
  expect_copy(Side::contiguous(DType::int32, {5, 3}), {DType::int32, {5, 3}, {-12, -4}}, "all");
}

TEST(TensorCopy, BroadcastsAlongZeroStrides) {
  expect_copy(Side::contiguous(DType::uint8, {4, 3}), {DType::uint8, {4, 3}, {0, 1}}, "rows");
  expect_copy(Side::contiguous(DType::uint8, {4, 3}), {DType::uint8, {4, 3}, {0, 0}}, "all");
}

TEST(TensorCopy, LeavesGapsOfTheTargetAlone) {
  expect_copy({DType::float32, {4, 3}, {32, 8}}, Side::contiguous(DType::float32, {4, 3}), "");
}

TEST(TensorCopy, OfNothingTouchesNothing) {
  expect_copy(
      {DType::float32, {4, 0, 3}, {100, 100, 8}}, {DType::float32, {4, 0, 3}, {-4, 4, 9}}, "");
}

TEST(TensorCopy, OfItemsOfEverySize) {
  for (const DType dtype : {DType::uint8,
                            DType::float16,
                            kThreeBytes,
                            DType::float32,
                            DType::int64,
                            DType::complex128}) {
    const auto item = static_cast<std::int64_t>(bits_of(dtype) / 8);
    expect_copy(
        Side::contiguous(dtype, {3, 5}), {dtype, {3, 5}, {item, 3 * item}}, to_string(dtype));
  }
}

TEST(TensorCopy, AgreesWithTheDefinitionOnRandomStrides) {
  std::mt19937_64 random(test::random_seed());
  const auto pick = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  const auto strides_of = [&](const Extents& extents, std::int64_t item, bool may_overlap) {
    Extents strides(extents.size());
    std::vector<std::size_t> order(extents.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::int64_t step = item;
    for (const std::size_t i : order) {
      strides[i] = step * (pick(0, 1) == 0 ? 1 : -1) * (may_overlap ? pick(0, 1) : 1);
      step *= std::max<std::int64_t>(extents[i], 1) + pick(0, 1);
    }
    return strides;
  };
  const std::vector<DType> dtypes{DType::uint8, DType::int16, kThreeBytes, DType::float32};
  for (int round = 0; round < 2000; ++round) {
    const DType dtype = dtypes[static_cast<std::size_t>(pick(0, 3))];
    Extents extents(static_cast<std::size_t>(pick(0, kMaxRank)));
    std::generate(
        extents.begin(), extents.end(), [&] { return pick(0, 20) == 0 ? 0 : pick(1, 3); });
    const auto item = static_cast<std::int64_t>(bits_of(dtype) / 8);
    // A target whose elements overlap would depend on the order of the copy.
    expect_copy({dtype, extents, strides_of(extents, item, false)},
                {dtype, extents, strides_of(extents, item, true)},
                std::to_string(round));
  }
}

TEST(TensorCopy, RefusesAnotherDType) {
  Side to = Side::contiguous(DType::float32, {2});
  Side from = Side::contiguous(DType::int32, {2});
  const auto refused = to.span().copy_from(from.span());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_request);
  EXPECT_EQ(refused.error().detail, "dtype: int32 into float32");
}

TEST(TensorCopy, RefusesAnotherShape) {
  Side to = Side::contiguous(DType::float32, {2, 3});
  Side from = Side::contiguous(DType::float32, {3, 2});
  const auto refused = to.span().copy_from(from.span());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_request);
  EXPECT_EQ(refused.error().detail, "shape: [3, 2] into [2, 3]");
}

TEST(TensorCopy, CopiesPackedSubByteElements) {
  const std::vector<std::byte> source(4, std::byte{0x5a});
  std::vector<std::byte> target(4);
  const Extents extents{7};
  const Extents strides{0};
  const TensorAccess::Fields fields{
      .dtype = kFourBits, .extents = extents, .strides_bytes = strides, .size_bytes = 4};
  const auto view = TensorView::of_bytes(source, kFourBits, {7});
  ASSERT_TRUE(view);
  ASSERT_TRUE(TensorAccess::span(target.data(), fields).copy_from(*view));
  EXPECT_EQ(target, source);
}

TEST(TensorCopy, RefusesStridedSubByteElements) {
  std::vector<std::byte> bytes(8);
  const Extents extents{7};
  const Extents strides{1};
  const TensorAccess::Fields fields{
      .dtype = kFourBits, .extents = extents, .strides_bytes = strides, .size_bytes = 4};
  const auto packed = TensorView::of_bytes(std::span(bytes).first(4), kFourBits, {7});
  ASSERT_TRUE(packed);
  const auto refused = TensorAccess::span(bytes.data() + 4, fields).copy_from(*packed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_request);
  EXPECT_THAT(refused.error().detail, HasSubstr("less than a byte"));
}

TEST(TensorCopy, OfOverlappingContiguousMemoryIsAsIfThroughATemporary) {
  std::vector<std::uint8_t> memory(10);
  std::iota(memory.begin(), memory.end(), std::uint8_t{0});
  const auto source = TensorView::of(std::span<const std::uint8_t>(memory).first(8), {8});
  ASSERT_TRUE(source);
  const Extents extents{8};
  const Extents strides{1};
  const auto target = TensorAccess::span(
      std::as_writable_bytes(std::span(memory)).data() + 2,
      {.dtype = DType::uint8, .extents = extents, .strides_bytes = strides, .size_bytes = 8});
  ASSERT_TRUE(target.copy_from(*source));
  EXPECT_THAT(memory, testing::ElementsAre(0, 1, 0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace tenure
