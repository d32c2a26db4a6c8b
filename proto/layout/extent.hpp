// SPDX-License-Identifier: Apache-2.0
/// How many bytes a shape takes, in arithmetic that cannot overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <tenure/dtype.hpp>

namespace tenure::layout {

/// No tensor is larger: 2^56 bytes, beyond any address space this runs on.
inline constexpr std::uint64_t kMaxTensorBytes = std::uint64_t{1} << 56U;

/// Elements of a shape; nothing if an extent is negative or the product exceeds kMaxTensorBytes.
[[nodiscard]] std::optional<std::uint64_t> element_count(
    std::span<const std::int64_t> extents) noexcept;

/// Bytes of that many elements, packed; a last partial byte counts. Nothing if too large, or if
/// the dtype has no bits.
[[nodiscard]] std::optional<std::uint64_t> packed_bytes(std::uint64_t elements,
                                                        DType dtype) noexcept;

/// The same for a shape.
[[nodiscard]] std::optional<std::uint64_t> packed_bytes(std::span<const std::int64_t> extents,
                                                        DType dtype) noexcept;

/// Strides of the C-contiguous layout, in bytes; `strides` has as many items as `extents`. For a
/// sub-byte dtype all are 0 but the meaning stays C-contiguous.
void contiguous_strides(std::span<const std::int64_t> extents,
                        DType dtype,
                        std::span<std::int64_t> strides) noexcept;

}  // namespace tenure::layout
