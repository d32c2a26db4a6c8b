// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenure::layout {

/// One side of a copy: where element (0, 0, ...) is, and the step along each dimension.
template <class Byte>
struct StridedSide {
  Byte* data;
  std::span<const std::int64_t> strides_bytes;
};

/// Copies every element of a shape, whatever the strides of either side; all spans have the same
/// length, at most kMaxRank, and no extent is negative. The two sides must not overlap.
void copy_strided(const StridedSide<std::byte>& to,
                  const StridedSide<const std::byte>& from,
                  std::span<const std::int64_t> extents,
                  std::size_t item_bytes) noexcept;

}  // namespace tenure::layout
