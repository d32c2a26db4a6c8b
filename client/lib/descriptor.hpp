// SPDX-License-Identifier: Apache-2.0
/// Tensor descriptors: written by a draft, checked when a bundle's tensor is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <span>

#include <tenure/tensor.hpp>

#include "client/lib/bundle_schema.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::detail {

/// Where the elements of a tensor lie in its slot: every one in [begin, end).
struct TensorRange {
  bool is_present = false;
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;
};

/// A tensor as its descriptor says. Filled where it stands: see TensorAccess::Parts.
struct OpenedTensor {
  TensorView& view;
  TensorRange range = {};
};

/// Copies descriptor `index` out of `slot`, of which `limit_bytes` can be read, and checks it. What
/// is in the slot is a peer's: it is loaded once and never believed.
///
/// Errors: corrupt  it leaves the slot, breaks the schema, or contradicts itself
[[nodiscard]] Result<void> open_tensor(const BundleSchema& schema,
                                       std::size_t index,
                                       const std::byte* slot,
                                       std::uint64_t limit_bytes,
                                       OpenedTensor& tensor);

/// What a tensor is to be.
struct Form {
  DType dtype;
  std::span<const std::int64_t> extents;
};

/// Makes `span` a contiguous tensor of that dtype and shape in the place that the plan has for it
/// in `slot`; writes nothing there.
///
/// Errors: bad_request  not the declared dtype or rank, more bytes than there is room for, or a
///                      shape that cannot be
[[nodiscard]] Result<void> place_tensor(const BundleSchema& schema,
                                        std::size_t index,
                                        const Form& form,
                                        std::byte* slot,
                                        TensorSpan& span);

/// Writes the descriptor of what place_tensor() made into its slot.
void write_descriptor(const BundleSchema& schema,
                      std::size_t index,
                      const TensorSpan& tensor,
                      std::byte* slot) noexcept;
/// Marks a tensor as left out.
void write_absent(const BundleSchema& schema, std::size_t index, std::byte* slot) noexcept;

}  // namespace tenure::detail
