// SPDX-License-Identifier: Apache-2.0
#include <tenure/dlpack.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "client/lib/dlpack_abi.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_access.hpp"

namespace tenure {
namespace {

namespace dlpack = detail::dlpack;

__extension__ using Int128 = __int128;  // Extents times strides, which no 64 bits can hold.

Error refused(Errc code, std::string what, std::string hint = {}) {
  return {.code = code, .detail = "DLPack: " + std::move(what), .hint = std::move(hint)};
}

Error bad(std::string what) {
  return refused(Errc::bad_request, std::move(what));
}

std::string device_name(std::int32_t type) {
  switch (type) {
    case 2:
      return "kDLCUDA";
    case 4:
      return "kDLOpenCL";
    case 7:
      return "kDLVulkan";
    case 8:
      return "kDLMetal";
    case 9:
      return "kDLVPI";
    case 10:
      return "kDLROCM";
    case 11:
      return "kDLROCMHost";
    case 12:
      return "kDLExtDev";
    case 13:
      return "kDLCUDAManaged";
    case 14:
      return "kDLOneAPI";
    case 15:
      return "kDLWebGPU";
    case 16:
      return "kDLHexagon";
    case 17:
      return "kDLMAIA";
    default:
      return "number " + std::to_string(type);
  }
}

// Before anything else is read: another major version has other bytes.
Result<void> check_version(const dlpack::Version& version) {
  if (version.major == dlpack::kVersion.major) {
    return {};
  }
  const std::string what = "version " + std::to_string(version.major) + "." +
                           std::to_string(version.minor) + "; this library reads 1.x";
  return version.major > dlpack::kVersion.major
             ? refused(Errc::too_old, what, "upgrade Tenure's client library")
             : refused(Errc::unsupported, what, "ask the exporting library for DLPack 1.x");
}

Result<void> check_kind(const dlpack::Tensor& tensor, std::uint64_t flags, DType dtype) {
  if (tensor.device_type != dlpack::kCpu && tensor.device_type != dlpack::kCudaHost) {
    return refused(Errc::unsupported,
                   "device " + device_name(tensor.device_type) + " is not the CPU's memory",
                   "copy the tensor to the CPU first");
  }
  if (bits_of(dtype) == 0) {
    return bad("dtype " + to_string(dtype) + " has no bits or no lanes");
  }
  if (bits_of(dtype) % 8 != 0 && (flags & dlpack::kSubBytePadded) != 0) {
    return refused(Errc::unsupported,
                   "padded elements of " + to_string(dtype),
                   "pack them, or publish them as uint8");
  }
  if (tensor.rank < 0 || tensor.rank > static_cast<std::int32_t>(kMaxRank)) {
    return bad("rank " + std::to_string(tensor.rank) + "; 0 to 8");
  }
  if (tensor.rank > 0 && tensor.extents == nullptr) {
    return bad("no shape");
  }
  return {};
}

// The alignment that a C++ type of that size may ask for; complex128 asks for 8 of its 16.
std::uint64_t align_of(DType dtype) noexcept {
  const std::uint64_t bytes = bits_of(dtype) / 8;
  return bytes == 0 ? 1 : std::min<std::uint64_t>(bytes & (~bytes + 1), 8);
}

Result<const std::byte*> first_element(const dlpack::Tensor& tensor,
                                       DType dtype,
                                       std::uint64_t size_bytes) {
  if (size_bytes == 0) {
    return static_cast<const std::byte*>(nullptr);
  }
  if (tensor.data == nullptr) {
    return bad("no data for " + std::to_string(size_bytes) + " bytes");
  }
  if (tensor.byte_offset > layout::kMaxTensorBytes) {
    return bad("byte_offset " + std::to_string(tensor.byte_offset) + " is beyond any memory");
  }
  const auto* data = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  if (reinterpret_cast<std::uintptr_t>(data) % align_of(dtype) != 0) {
    return bad("data that is not aligned to its elements of " + to_string(dtype));
  }
  return data;
}

bool is_c_order(std::span<const std::int64_t> extents, const std::int64_t* strides) noexcept {
  std::array<std::int64_t, kMaxRank> expected{};
  layout::contiguous_strides(extents, DType::uint8, std::span(expected).first(extents.size()));
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] != 1 && strides[i] != expected[i]) {
      return false;
    }
  }
  return true;
}

// `strides_bytes` is in C order already, which is what stays where a stride is never used: beside
// an extent of 1, where exporters write anything.
Result<void> take_strides(const dlpack::Tensor& tensor,
                          std::span<const std::int64_t> extents,
                          DType dtype,
                          std::span<std::int64_t> strides_bytes) {
  if (bits_of(dtype) % 8 != 0) {
    return is_c_order(extents, tensor.strides)
               ? Result<void>()
               : bad("strided elements of " + to_string(dtype) + ", which are less than a byte");
  }
  const auto item_bytes = static_cast<std::int64_t>(bits_of(dtype) / 8);
  Int128 reach = 0;  // How far from the first element any other is, at most.
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 1) {
      continue;
    }
    // 71 bits at most; and an extent has 56, so that the sum of eight products has no more than
    // 127.
    const Int128 stride = static_cast<Int128>(tensor.strides[i]) * item_bytes;
    const Int128 step = std::min<Int128>(stride < 0 ? -stride : stride, layout::kMaxTensorBytes);
    reach += step * (extents[i] - 1);
    if (reach > layout::kMaxTensorBytes) {
      return bad("stride " + std::to_string(tensor.strides[i]) + " leads beyond any memory");
    }
    strides_bytes[i] = static_cast<std::int64_t>(stride);
  }
  return {};
}

}  // namespace

Result<TensorView> from_dlpack(const ::DLManagedTensorVersioned& foreign) {
  if (auto known = check_version(dlpack::load<dlpack::Version>(foreign, 0)); !known) {
    return std::move(known).error();
  }
  const auto managed = dlpack::load<dlpack::ManagedTensor>(foreign, 0);
  const dlpack::Tensor& tensor = managed.tensor;
  const auto dtype =
      static_cast<DType>(std::uint32_t{tensor.code} | std::uint32_t{tensor.bits} << 8U |
                         std::uint32_t{tensor.lanes} << 16U);
  if (auto readable = check_kind(tensor, managed.flags, dtype); !readable) {
    return std::move(readable).error();
  }
  const std::span<const std::int64_t> extents(tensor.extents,
                                              static_cast<std::size_t>(tensor.rank));
  const auto size_bytes = layout::packed_bytes(extents, dtype);
  if (!size_bytes) {
    return bad("a negative extent, or more than 2^56 bytes");
  }
  const auto data = first_element(tensor, dtype, *size_bytes);
  if (!data) {
    return data.error();
  }
  std::array<std::int64_t, kMaxRank> strides{};
  const auto strides_bytes = std::span(strides).first(extents.size());
  layout::contiguous_strides(extents, dtype, strides_bytes);
  if (tensor.strides != nullptr && *size_bytes != 0) {
    if (auto taken = take_strides(tensor, extents, dtype, strides_bytes); !taken) {
      return std::move(taken).error();
    }
  }
  return detail::TensorAccess::view(*data,
                                    {.dtype = dtype,
                                     .extents = extents,
                                     .strides_bytes = strides_bytes,
                                     .size_bytes = *size_bytes});
}

}  // namespace tenure
