// SPDX-License-Identifier: Apache-2.0
#include "client/lib/descriptor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/seed.hpp"

namespace tenure::detail {
namespace {

using layout::TensorDescriptor;
using layout::TensorExtension;

struct Opened {
  TensorView view;
  TensorRange range;
};

// A slot in memory, with a schema of one tensor.
class Slot {
 public:
  explicit Slot(const TensorSpec& spec) : schema_(or_throw(BundleSchema::make({spec}, 16))) {
    bytes_.resize(schema_->plan.stride_bytes);
  }
  [[nodiscard]] std::byte* data() noexcept { return bytes_.data(); }
  [[nodiscard]] const BundleSchema& schema() const noexcept { return *schema_; }
  [[nodiscard]] std::uint64_t tensor_offset() const noexcept {
    return schema_->plan.tensors[0].offset_bytes;
  }
  void write(const TensorDescriptor& descriptor) noexcept {
    std::memcpy(data() + schema_->plan.descriptors_offset_bytes, &descriptor, sizeof descriptor);
  }
  void write(const TensorExtension& extension) noexcept {
    std::memcpy(data() + schema_->plan.extensions_offset_bytes, &extension, sizeof extension);
  }
  [[nodiscard]] Result<Opened> open() const {
    Opened opened;
    OpenedTensor tensor{.view = opened.view};
    if (auto done = open_tensor(*schema_, 0, bytes_.data(), bytes_.size(), tensor); !done) {
      return std::move(done).error();
    }
    opened.range = tensor.range;
    return opened;
  }
  [[nodiscard]] TensorSpan place(const Shape& shape) {
    TensorSpan span;
    or_throw(place_tensor(*schema_,
                          0,
                          {.dtype = schema_->tensors[0].dtype, .extents = shape.extents()},
                          data(),
                          span));
    write_descriptor(*schema_, 0, span, data());
    return span;
  }
  // A strided tensor whose first element is `first` elements behind the place's begin.
  Result<Opened> open_strided(std::int64_t first,
                              const std::vector<std::int64_t>& sizes,
                              const std::vector<std::int64_t>& strides) {
    TensorExtension extension{};
    std::copy(sizes.begin(), sizes.end(), extension.sizes.begin());
    std::copy(strides.begin(), strides.end(), extension.strides_bytes.begin());
    write(extension);
    write(TensorDescriptor{.offset_bytes = tensor_offset() + static_cast<std::uint64_t>(first * 4),
                           .dtype = static_cast<std::uint32_t>(DType::int32),
                           .rank = static_cast<std::uint8_t>(sizes.size()),
                           .flags = layout::kPresent | layout::kExtended,
                           .extension = 0,
                           .sizes = {}});
    return open();
  }

 private:
  std::shared_ptr<const BundleSchema> schema_;
  std::vector<std::byte> bytes_;
};

// Sub-byte elements have no stride in bytes, so a peer must not be able to say one.
TEST(Descriptor, StridedSubByteTensorIsCorrupt) {
  constexpr auto kInt4 = static_cast<DType>(0x10400);
  Slot slot({"x", kInt4, {4, 4}});
  const TensorDescriptor descriptor{.offset_bytes = slot.tensor_offset(),
                                    .dtype = static_cast<std::uint32_t>(kInt4),
                                    .rank = 2,
                                    .flags = layout::kPresent | layout::kExtended,
                                    .extension = 0,
                                    .sizes = {}};
  slot.write(descriptor);
  slot.write(TensorExtension{.sizes = {4, 4}, .strides_bytes = {}});
  EXPECT_TRUE(slot.open());
  slot.write(TensorExtension{.sizes = {4, 4}, .strides_bytes = {std::int64_t{1} << 40U, 0}});
  EXPECT_EQ(slot.open().error().code, Errc::corrupt);
}

TEST(Descriptor, PlacedTensorOpensAsItWasPlaced) {
  for (const Shape& shape : {Shape{2, 3, 4, 1, 1, 1}, Shape{0, 3, 4, 1, 1, 1}}) {
    Slot slot({"x", DType::float64, {2, 3, 4, 1, 1, 1}});
    const TensorSpan placed = slot.place(shape);
    const auto opened = or_throw(slot.open());
    EXPECT_TRUE(opened.range.is_present);
    EXPECT_TRUE(std::ranges::equal(opened.view.shape(), placed.shape()));
    EXPECT_TRUE(std::ranges::equal(opened.view.strides_bytes(), placed.strides_bytes()));
    EXPECT_EQ(opened.view.data(), placed.data());
    EXPECT_EQ(opened.range.end_bytes, slot.tensor_offset() + placed.size_bytes());
  }
}

TEST(Descriptor, RankEightStandsInTheExtension) {
  const TensorSpec spec{"x", DType::int16, {1, 2, 1, 2, 1, 2, 1, 2}};
  Slot slot(spec);
  static_cast<void>(slot.place(spec.shape));
  const Opened opened = or_throw(slot.open());
  EXPECT_EQ(Shape(opened.view.shape()), spec.shape);
}

TEST(Descriptor, AbsentTensorIsNotPresent) {
  Slot slot({"x", DType::int32, {4}});
  write_absent(slot.schema(), 0, slot.data());
  EXPECT_FALSE(or_throw(slot.open()).range.is_present);
}

TEST(Descriptor, StridedTensorsAreReadWhereTheyLie) {
  Slot slot({"x", DType::int32, {4, 4}});
  auto* words = reinterpret_cast<std::int32_t*>(slot.data() + slot.tensor_offset());
  std::iota(words, words + 16, 0);
  const auto element = [&](const Opened& tensor, std::int64_t row, std::int64_t column) {
    const TensorView view = tensor.view;
    const auto strides = view.strides_bytes();
    std::int32_t value = 0;
    std::memcpy(&value, view.data() + row * strides[0] + column * strides[1], 4);
    return value;
  };
  const auto transposed = or_throw(slot.open_strided(0, {4, 4}, {4, 16}));
  EXPECT_EQ(element(transposed, 1, 2), 9);
  EXPECT_FALSE(transposed.view.is_contiguous());
  const auto reversed = or_throw(slot.open_strided(15, {4, 4}, {-16, -4}));
  EXPECT_EQ(element(reversed, 0, 0), 15);
  EXPECT_EQ(element(reversed, 3, 3), 0);
  EXPECT_EQ(reversed.range.begin_bytes, slot.tensor_offset());
  const auto repeated = or_throw(slot.open_strided(5, {1000, 1000}, {0, 0}));
  EXPECT_EQ(element(repeated, 999, 999), 5);
}

TEST(Descriptor, StridesThatLeaveTheSlotAreCorrupt) {
  Slot slot({"x", DType::int32, {4, 4}});
  const auto code = [&](std::int64_t first,
                        const std::vector<std::int64_t>& sizes,
                        const std::vector<std::int64_t>& strides) {
    const auto opened = slot.open_strided(first, sizes, strides);
    return opened ? Errc{} : opened.error().code;
  };
  EXPECT_EQ(code(0, {4, 4}, {std::int64_t{1} << 40, 4}), Errc::corrupt);
  EXPECT_EQ(code(0, {4, 4}, {-(std::int64_t{1} << 40), 4}), Errc::corrupt);
  EXPECT_EQ(code(0, {4, 4}, {16, 3}), Errc::corrupt);  // Not divisible by the item size.
  EXPECT_EQ(code(0, {std::int64_t{1} << 50, 1}, {std::int64_t{1} << 60, 4}), Errc::corrupt);
  EXPECT_EQ(code(0,
                 {std::numeric_limits<std::int64_t>::max(), 1},
                 {std::numeric_limits<std::int64_t>::min(), 4}),
            Errc::corrupt);
  // The last element just fits, and just does not.
  const auto room =
      static_cast<std::int64_t>(slot.schema().plan.stride_bytes - slot.tensor_offset());
  EXPECT_EQ(code(0, {2, 1}, {room - 4, 4}), Errc{});
  EXPECT_EQ(code(0, {2, 1}, {room, 4}), Errc::corrupt);
}

// Whatever stands in a slot: what opens lies in the slot.
TEST(Descriptor, RandomBytesNeverOpenOutsideTheSlot) {
  std::mt19937_64 random(test::random_seed());
  Slot slot({"x", DType::any, {4096}});
  int opened_count = 0;
  for (int round = 0; round < 200'000; ++round) {
    TensorDescriptor descriptor{
        .offset_bytes = random() % (random() % 2 == 0 ? 8192 : ~std::uint64_t{0}),
        .dtype = static_cast<std::uint32_t>(random() % 2 == 0 ? 0x12002 : random()),
        .rank = static_cast<std::uint8_t>(random() % 10),
        .flags = static_cast<std::uint8_t>(random() % 4),
        .extension = static_cast<std::uint16_t>(random() % 3 == 0 ? random() : 0),
        .sizes = {}};
    TensorExtension extension{};
    for (std::size_t i = 0; i < 8; ++i) {
      extension.sizes[i] = static_cast<std::int64_t>(random() >> random() % 64);
      extension.strides_bytes[i] = static_cast<std::int64_t>(random()) >> random() % 64;
    }
    std::copy_n(extension.sizes.begin(), 6, descriptor.sizes.begin());
    slot.write(descriptor);
    slot.write(extension);
    const auto opened = slot.open();
    if (opened && opened->range.is_present) {
      ++opened_count;
      ASSERT_LE(opened->range.begin_bytes, opened->range.end_bytes);
      ASSERT_LE(opened->range.end_bytes, slot.schema().plan.stride_bytes);
    }
  }
  EXPECT_GT(opened_count, 0);
}

}  // namespace
}  // namespace tenure::detail
