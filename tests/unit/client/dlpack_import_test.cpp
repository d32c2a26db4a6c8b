// SPDX-License-Identifier: Apache-2.0
// What from_dlpack() takes, and what it refuses: the struct is another library's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include <tenure/dlpack.hpp>

#include "client/lib/dlpack_abi.hpp"

namespace tenure::detail::dlpack {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A tensor of 2 x 3 float32 as another library exports it, to be spoilt by the tests.
class Foreign : public testing::Test {
 protected:
  [[nodiscard]] Result<TensorView> import() const {
    return from_dlpack(reinterpret_cast<const ::DLManagedTensorVersioned&>(managed_));
  }
  [[nodiscard]] Error refusal() const {
    const auto view = import();
    return view ? Error{.code = Errc{}, .detail = "was taken"} : view.error();
  }
  void set_shape(std::vector<std::int64_t> extents, std::vector<std::int64_t> strides) {
    extents_ = std::move(extents);
    strides_ = std::move(strides);
    managed_.tensor.rank = static_cast<std::int32_t>(extents_.size());
    managed_.tensor.extents = extents_.data();
    managed_.tensor.strides = strides_.empty() ? nullptr : strides_.data();
  }
  void set_dtype(std::uint8_t code, std::uint8_t bits, std::uint16_t lanes = 1) {
    managed_.tensor.code = code;
    managed_.tensor.bits = bits;
    managed_.tensor.lanes = lanes;
  }

  alignas(64) std::array<float, 6> floats_{0, 1, 2, 3, 4, 5};
  std::vector<std::int64_t> extents_{2, 3};
  std::vector<std::int64_t> strides_{3, 1};
  ManagedTensor managed_{.version = {1, 0},
                         .context = nullptr,
                         .deleter = nullptr,
                         .flags = 0,
                         .tensor = {.data = floats_.data(),
                                    .device_type = kCpu,
                                    .device_id = 0,
                                    .rank = 2,
                                    .code = 2,
                                    .bits = 32,
                                    .lanes = 1,
                                    .extents = extents_.data(),
                                    .strides = strides_.data(),
                                    .byte_offset = 0}};
};

TEST_F(Foreign, IsViewedWhereItLies) {
  const auto view = or_throw(import());
  EXPECT_EQ(view.dtype(), DType::float32);
  EXPECT_THAT(view.shape(), ElementsAre(2, 3));
  EXPECT_THAT(view.strides_bytes(), ElementsAre(12, 4));
  EXPECT_EQ(or_throw(view.as<float>()).data(), floats_.data());
}

TEST_F(Foreign, WithoutStridesIsInCOrder) {
  set_shape({2, 3}, {});
  EXPECT_TRUE(or_throw(import()).is_contiguous());
}

TEST_F(Foreign, StridesMayBeZeroOrNegative) {
  set_shape({3, 2}, {-1, 0});
  managed_.tensor.byte_offset = 8;  // The third element; the others lie before it.
  const auto view = or_throw(import());
  EXPECT_THAT(view.strides_bytes(), ElementsAre(-4, 0));
  EXPECT_EQ(view.size_bytes(), 24U);
  EXPECT_EQ(view.data(), reinterpret_cast<const std::byte*>(&floats_[2]));
}

TEST_F(Foreign, ScalarHasRankZero) {
  set_shape({}, {});
  managed_.tensor.extents = nullptr;
  const auto view = or_throw(import());
  EXPECT_THAT(view.shape(), IsEmpty());
  EXPECT_EQ(or_throw(view.as<float>())[0], 0.0F);
}

TEST_F(Foreign, WithoutElementsNeedsNoData) {
  set_shape({0, 3}, {99, 99});
  managed_.tensor.data = nullptr;
  const auto view = or_throw(import());
  EXPECT_EQ(view.size_bytes(), 0U);
  EXPECT_TRUE(or_throw(view.as<float>()).empty());
}

TEST_F(Foreign, StrideBesideAnExtentOfOneMayBeAnything) {
  set_shape({1, 3}, {std::numeric_limits<std::int64_t>::max(), 1});
  EXPECT_TRUE(or_throw(import()).is_contiguous());
}

TEST_F(Foreign, RankEightIsTheLast) {
  set_shape({1, 1, 1, 1, 1, 1, 2, 3}, {});
  const auto view = or_throw(import());
  EXPECT_EQ(view.shape().size(), 8U);
  set_shape({1, 1, 1, 1, 1, 1, 1, 2, 3}, {});
  EXPECT_EQ(refusal().code, Errc::bad_request);
  EXPECT_THAT(refusal().detail, HasSubstr("rank 9"));
  managed_.tensor.rank = -1;
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, PinnedHostMemoryIsRead) {
  managed_.tensor.device_type = kCudaHost;
  EXPECT_TRUE(import());
}

TEST_F(Foreign, LanesCountAsOneElement) {
  set_shape({3}, {1});
  set_dtype(2, 32, 2);
  const auto view = or_throw(import());
  EXPECT_THAT(view.strides_bytes(), ElementsAre(8));
  EXPECT_EQ(view.size_bytes(), 24U);
}

TEST_F(Foreign, SubByteElementsInCOrderArePacked) {
  set_shape({2, 3}, {3, 1});
  set_dtype(1, 4);
  const auto view = or_throw(import());
  EXPECT_EQ(view.size_bytes(), 3U);
  EXPECT_TRUE(view.is_contiguous());
}

TEST_F(Foreign, SubByteElementsOutOfOrderAreRefused) {
  set_shape({2, 3}, {1, 2});
  set_dtype(1, 4);
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, PaddedSubByteElementsAreUnsupported) {
  set_dtype(17, 4);
  managed_.flags = kSubBytePadded;
  EXPECT_EQ(refusal().code, Errc::unsupported);
  set_dtype(2, 32);  // The flag says nothing of whole bytes.
  EXPECT_TRUE(import());
}

TEST_F(Foreign, LaterMajorVersionIsTooNewForUs) {
  managed_.version = {2, 0};
  EXPECT_EQ(refusal().code, Errc::too_old);
  EXPECT_THAT(refusal().detail, HasSubstr("version 2.0"));
  managed_.version = {1, 999};
  EXPECT_TRUE(import());
}

TEST_F(Foreign, EarlierMajorVersionIsUnsupported) {
  managed_.version = {0, 8};
  EXPECT_EQ(refusal().code, Errc::unsupported);
}

TEST_F(Foreign, DeviceMemoryIsUnsupportedByName) {
  managed_.tensor.device_type = 2;
  EXPECT_EQ(refusal().code, Errc::unsupported);
  EXPECT_THAT(refusal().detail, HasSubstr("kDLCUDA "));
  EXPECT_THAT(refusal().hint, HasSubstr("CPU"));
  managed_.tensor.device_type = 77;
  EXPECT_THAT(refusal().detail, HasSubstr("number 77"));
}

TEST_F(Foreign, DTypeWithoutBitsOrLanesIsRefused) {
  set_dtype(2, 0);
  EXPECT_EQ(refusal().code, Errc::bad_request);
  set_dtype(2, 32, 0);
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, MissingPointersAreRefused) {
  managed_.tensor.data = nullptr;
  EXPECT_THAT(refusal().detail, HasSubstr("no data for 24 bytes"));
  managed_.tensor.data = floats_.data();
  managed_.tensor.extents = nullptr;
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, ShapesThatCannotBeAreRefused) {
  set_shape({2, -3}, {});
  EXPECT_EQ(refusal().code, Errc::bad_request);
  constexpr std::int64_t kHuge = std::int64_t{1} << 40U;
  set_shape({kHuge, kHuge}, {});
  EXPECT_EQ(refusal().code, Errc::bad_request);
  set_shape({0, kHuge, kHuge}, {});
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, StridesBeyondAnyMemoryAreRefused) {
  for (const std::int64_t stride : {std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min(),
                                    std::int64_t{1} << 54U}) {
    set_shape({2, 3}, {stride, 1});
    EXPECT_EQ(refusal().code, Errc::bad_request) << stride;
  }
  constexpr std::int64_t kQuarter = std::int64_t{1} << 52U;  // Each alone is in bounds.
  set_shape({2, 2, 2, 2, 2, 2, 2, 2}, std::vector<std::int64_t>(8, kQuarter));
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, OffsetIsAddedOrRefused) {
  set_shape({2}, {1});
  managed_.tensor.byte_offset = 8;
  EXPECT_EQ(or_throw(or_throw(import()).as<float>())[0], 2.0F);
  managed_.tensor.byte_offset = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(refusal().code, Errc::bad_request);
}

TEST_F(Foreign, DataThatIsNotAlignedToItsElementsIsRefused) {
  set_shape({2}, {1});
  managed_.tensor.byte_offset = 2;
  EXPECT_EQ(refusal().code, Errc::bad_request);
  EXPECT_THAT(refusal().detail, HasSubstr("aligned"));
}

TEST(DlpackDelete, CallsTheDeleterThatIsThere) {
  int deleted = 0;
  ManagedTensor managed{};
  managed.context = &deleted;
  auto* foreign = reinterpret_cast<::DLManagedTensorVersioned*>(&managed);
  DlpackTensor(foreign).reset();  // None: nothing happens.
  managed.deleter = [](::DLManagedTensorVersioned* tensor) {
    ++*static_cast<int*>(load<void*>(*tensor, offsetof(ManagedTensor, context)));
  };
  DlpackTensor(foreign).reset();
  EXPECT_EQ(deleted, 1);
}

}  // namespace
}  // namespace tenure::detail::dlpack
