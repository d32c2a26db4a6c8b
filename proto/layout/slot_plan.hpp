// SPDX-License-Identifier: Apache-2.0
/// Where everything lies in a slot: computed alike from the schema by broker and client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenure/result.hpp>
#include <tenure/tensor.hpp>

namespace tenure::layout {

/// Room for one tensor in a slot.
struct TensorPlace {
  std::uint64_t offset_bytes;  // From the slot's first byte.
  std::uint64_t room_bytes;
};

/// record | descriptors | extensions | attributes | tensors.
struct SlotPlan {
  std::uint64_t descriptors_offset_bytes;
  std::uint64_t extensions_offset_bytes;
  std::uint64_t attributes_offset_bytes;
  std::vector<TensorPlace> tensors;
  std::uint64_t stride_bytes;  // From one slot to the next.
};

/// Errors: bad_request  names (empty, too long, twice, not UTF-8), dtypes, shapes, or sizes; the
///                      detail names the field
[[nodiscard]] Result<SlotPlan> plan_slot(std::span<const TensorSpec> schema,
                                         std::size_t attribute_bytes);

}  // namespace tenure::layout
