// SPDX-License-Identifier: Apache-2.0
// What to_dlpack() says of tensors that an honest publisher of this library never writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <tenure/dlpack.hpp>

#include "client/lib/bundle_access.hpp"
#include "client/lib/dlpack_abi.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::detail {
namespace {

using testing::ElementsAre;

std::shared_ptr<const void> keep_nothing(const Bundle& /*bundle*/) {
  return nullptr;
}

// A bundle of one tensor in memory of its own, with a descriptor written by hand.
class HandMade : public Bundle {
 public:
  HandMade(DType dtype,
           const Shape& room,
           const layout::TensorExtension& written,
           std::uint8_t rank)
      : schema_(or_throw(BundleSchema::make({{"x", dtype, room}}, 16))),
        bytes_(schema_->plan.stride_bytes) {
    const layout::TensorDescriptor descriptor{
        .offset_bytes = schema_->plan.tensors[0].offset_bytes + kFirstBytes,
        .dtype = static_cast<std::uint32_t>(dtype),
        .rank = rank,
        .flags = layout::kPresent | layout::kExtended,
        .extension = 0,
        .sizes = {}};
    std::memcpy(&bytes_[schema_->plan.descriptors_offset_bytes], &descriptor, sizeof descriptor);
    std::memcpy(&bytes_[schema_->plan.extensions_offset_bytes], &written, sizeof written);
    BundleAccess::point(*this,
                        {.schema = schema_.get(),
                         .slot = bytes_.data(),
                         .limit_bytes = bytes_.size(),
                         .generation = 0,
                         .keep = &keep_nothing});
  }

 private:
  static constexpr std::uint64_t kFirstBytes = 16;  // Room for strides that lead backwards.
  std::shared_ptr<const BundleSchema> schema_;
  std::vector<std::byte> bytes_;
};

std::vector<std::int64_t> strides_of(const DlpackTensor& tensor) {
  const auto managed = dlpack::load<dlpack::ManagedTensor>(*tensor, 0);
  return {managed.tensor.strides, managed.tensor.strides + managed.tensor.rank};
}

TEST(DlpackExport, StridesAreInElements) {
  const HandMade bundle(
      DType::int32, {4, 4, 4}, {.sizes = {2, 3, 2}, .strides_bytes = {-16, 0, 8}}, 3);
  EXPECT_THAT(strides_of(or_throw(to_dlpack(bundle, "x"))), ElementsAre(-4, 0, 2));
}

TEST(DlpackExport, StridesWithoutElementsAreInCOrder) {
  const HandMade bundle(
      DType::int32, {4, 4, 4}, {.sizes = {2, 0, 3}, .strides_bytes = {7, 5, 3}}, 3);
  EXPECT_THAT(strides_of(or_throw(to_dlpack(bundle, "x"))), ElementsAre(3, 3, 1));
}

TEST(DlpackExport, StridedSubByteElementsAreCorrupt) {
  const HandMade bundle(
      static_cast<DType>(0x10401), {64, 64}, {.sizes = {2, 3}, .strides_bytes = {1, 1}}, 2);
  EXPECT_EQ(to_dlpack(bundle, "x").error().code, Errc::corrupt);
}

TEST(DlpackExport, DescriptorThatLeavesTheSlotIsCorrupt) {
  const HandMade bundle(DType::int32, {4, 4}, {.sizes = {4, 4}, .strides_bytes = {1 << 30, 4}}, 2);
  EXPECT_EQ(to_dlpack(bundle, "x").error().code, Errc::corrupt);
}

}  // namespace
}  // namespace tenure::detail
