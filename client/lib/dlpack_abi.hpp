// SPDX-License-Identifier: Apache-2.0
/// The bytes that libraries agree on in DLPack 1.x, declared anew under names of our own: DLPack's
/// would clash with its header in a program that has both.
///
/// Figures: DLPack specification v1.1, https://dmlc.github.io/dlpack/latest/c_api.html.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenure/dlpack.hpp>

namespace tenure::detail::dlpack {

/// The same major: the same bytes. A minor only adds devices, type codes and flags.
struct Version {
  std::uint32_t major;
  std::uint32_t minor;
};
inline constexpr Version kVersion{.major = 1, .minor = 1};

/// Devices whose memory the CPU can read.
inline constexpr std::int32_t kCpu = 1;
inline constexpr std::int32_t kCudaHost = 3;  // Host memory, pinned.

/// Bits of ManagedTensor::flags.
inline constexpr std::uint64_t kReadOnly = 1U << 0U;
inline constexpr std::uint64_t kSubBytePadded = 1U << 2U;  // Elements of 4 bits in 8, and so on.

/// DLTensor, with its two small structs (device, dtype) spelt out.
struct Tensor {
  void* data;  // Null where there are no elements.
  std::int32_t device_type;
  std::int32_t device_id;
  std::int32_t rank;
  std::uint8_t code;
  std::uint8_t bits;  // Of one lane.
  std::uint16_t lanes;
  std::int64_t* extents;
  std::int64_t* strides;  // In elements. Null (before 1.2): C order.
  std::uint64_t byte_offset;
};

/// DLManagedTensorVersioned.
struct ManagedTensor {
  Version version;
  void* context;                                 // The producer's.
  void (*deleter)(::DLManagedTensorVersioned*);  // Null: nothing to delete.
  std::uint64_t flags;
  Tensor tensor;
};

static_assert(sizeof(void*) == 8 && sizeof(void (*)()) == 8);
static_assert(std::is_standard_layout_v<ManagedTensor> && std::is_trivially_copyable_v<Tensor>);
static_assert(sizeof(Tensor) == 48 && alignof(Tensor) == 8);
static_assert(offsetof(Tensor, data) == 0);
static_assert(offsetof(Tensor, device_type) == 8);
static_assert(offsetof(Tensor, device_id) == 12);
static_assert(offsetof(Tensor, rank) == 16);
static_assert(offsetof(Tensor, code) == 20);
static_assert(offsetof(Tensor, bits) == 21);
static_assert(offsetof(Tensor, lanes) == 22);
static_assert(offsetof(Tensor, extents) == 24);
static_assert(offsetof(Tensor, strides) == 32);
static_assert(offsetof(Tensor, byte_offset) == 40);
static_assert(sizeof(ManagedTensor) == 80 && alignof(ManagedTensor) == 8);
static_assert(offsetof(ManagedTensor, version) == 0);
static_assert(offsetof(ManagedTensor, context) == 8);
static_assert(offsetof(ManagedTensor, deleter) == 16);
static_assert(offsetof(ManagedTensor, flags) == 24);
static_assert(offsetof(ManagedTensor, tensor) == 32);

/// A copy of what is `offset_bytes` into a struct that another library made: copied as bytes, for
/// to this program it is an object of another type.
template <class T>
[[nodiscard]] T load(const ::DLManagedTensorVersioned& foreign, std::size_t offset_bytes) noexcept {
  T copy;
  std::memcpy(static_cast<void*>(&copy),
              reinterpret_cast<const std::byte*>(&foreign) + offset_bytes,
              sizeof copy);
  return copy;
}

}  // namespace tenure::detail::dlpack
