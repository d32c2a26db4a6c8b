// SPDX-License-Identifier: Apache-2.0
/// Tensor descriptors: written by a draft, checked when a bundle's tensor is opened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenure/tensor.hpp>

#include "client/lib/bundle_schema.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::detail {

/// A tensor whose every element lies in [begin, end) of its slot.
struct OpenedTensor {
  bool is_present = false;
  DType dtype = DType::any;
  std::uint32_t rank = 0;
  std::array<std::int64_t, kMaxRank> extents{};
  std::array<std::int64_t, kMaxRank> strides_bytes{};
  std::uint64_t offset_bytes = 0;  // Of element (0, 0, ...), from the slot's first byte.
  std::uint64_t begin_bytes = 0;   // The lowest byte of any element ...
  std::uint64_t end_bytes = 0;     // ... and the one behind the highest.
  std::uint64_t size_bytes = 0;    // Packed.

  [[nodiscard]] TensorView view(const std::byte* slot) const noexcept;
  [[nodiscard]] TensorSpan span(std::byte* slot) const noexcept;
};

/// Copies descriptor `index` out of `slot`, of which `limit_bytes` can be read, and checks it. What
/// is in the slot is a peer's: it is loaded once and never believed.
///
/// Errors: corrupt  it leaves the slot, breaks the schema, or contradicts itself
[[nodiscard]] Result<OpenedTensor> open_tensor(const BundleSchema& schema,
                                               std::size_t index,
                                               const std::byte* slot,
                                               std::uint64_t limit_bytes);

/// A contiguous tensor of that dtype and shape in the place the plan has for it.
///
/// Errors: bad_request  not the declared dtype or rank, more bytes than there is room for, or a
///                      shape that cannot be
[[nodiscard]] Result<OpenedTensor> place_tensor(const BundleSchema& schema,
                                                std::size_t index,
                                                DType dtype,
                                                const Shape& shape);

/// Writes what place_tensor() returned into its slot.
void write_descriptor(const BundleSchema& schema,
                      std::size_t index,
                      const OpenedTensor& tensor,
                      std::byte* slot) noexcept;
/// Marks a tensor as left out.
void write_absent(const BundleSchema& schema, std::size_t index, std::byte* slot) noexcept;

}  // namespace tenure::detail
