// SPDX-License-Identifier: Apache-2.0
/// What each slot of `data` begins with: the record, then one descriptor per tensor of the schema.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "proto/layout/constants.hpp"

namespace tenure::layout {

/// First line of a slot. Written by the publisher before the slot word says `ready`.
struct SlotRecord {
  std::uint64_t version;                  //  0: the bundle's number.
  std::int64_t published_ns;              //  8: CLOCK_MONOTONIC, or 0 for a topic without Stamp.
  std::uint64_t tag;                      // 16: the user's.
  std::uint32_t attribute_bytes;          // 24: in use, from SlotPlan::attributes_offset_bytes on.
  std::uint32_t tensor_count;             // 28: as in the schema.
  std::array<std::uint8_t, 32> reserved;  // 32: zero.
};

/// Bits of TensorDescriptor::flags.
inline constexpr std::uint8_t kPresent = 1;   // Unset: the bundle leaves this tensor out.
inline constexpr std::uint8_t kExtended = 2;  // Sizes and strides stand in the extension.

inline constexpr std::size_t kInlineRank = 6;

/// One tensor of a bundle; contiguous and of rank <= 6 unless kExtended.
struct TensorDescriptor {
  std::uint64_t offset_bytes;  //  0: of element (0, 0, ...), from the slot's first byte.
  std::uint32_t dtype;         //  8: tenure::DType.
  std::uint8_t rank;           // 12: 0..8.
  std::uint8_t flags;          // 13: kPresent, kExtended.
  std::uint16_t extension;     // 14: index of its TensorExtension, if kExtended.
  std::array<std::int64_t, kInlineRank> sizes;  // 16: in elements.
};

/// For strided tensors and for ranks 7 and 8.
struct TensorExtension {
  std::array<std::int64_t, 8> sizes;          //  0: in elements.
  std::array<std::int64_t, 8> strides_bytes;  // 64
};

static_assert(std::is_standard_layout_v<SlotRecord> && std::is_trivially_copyable_v<SlotRecord>);
static_assert(sizeof(SlotRecord) == 64 && std::has_unique_object_representations_v<SlotRecord>);
static_assert(offsetof(SlotRecord, version) == 0);
static_assert(offsetof(SlotRecord, published_ns) == 8);
static_assert(offsetof(SlotRecord, tag) == 16);
static_assert(offsetof(SlotRecord, attribute_bytes) == 24);
static_assert(offsetof(SlotRecord, tensor_count) == 28);
static_assert(offsetof(SlotRecord, reserved) == 32);

static_assert(std::is_standard_layout_v<TensorDescriptor>);
static_assert(std::is_trivially_copyable_v<TensorDescriptor>);
static_assert(sizeof(TensorDescriptor) == 64);
static_assert(std::has_unique_object_representations_v<TensorDescriptor>);
static_assert(offsetof(TensorDescriptor, offset_bytes) == 0);
static_assert(offsetof(TensorDescriptor, dtype) == 8);
static_assert(offsetof(TensorDescriptor, rank) == 12);
static_assert(offsetof(TensorDescriptor, flags) == 13);
static_assert(offsetof(TensorDescriptor, extension) == 14);
static_assert(offsetof(TensorDescriptor, sizes) == 16);

static_assert(std::is_standard_layout_v<TensorExtension>);
static_assert(std::is_trivially_copyable_v<TensorExtension> && sizeof(TensorExtension) == 128);
static_assert(std::has_unique_object_representations_v<TensorExtension>);
static_assert(offsetof(TensorExtension, sizes) == 0);
static_assert(offsetof(TensorExtension, strides_bytes) == 64);

}  // namespace tenure::layout
