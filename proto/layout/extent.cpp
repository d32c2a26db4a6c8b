// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/extent.hpp"

#include <cstddef>

namespace tenure::layout {

std::optional<std::uint64_t> element_count(std::span<const std::int64_t> extents) noexcept {
  std::uint64_t product = 1;
  bool is_empty = false;
  for (const std::int64_t extent : extents) {
    if (extent < 0) {
      return std::nullopt;
    }
    // A zero extent makes the product 0, but must not hide an absurd extent beside it.
    is_empty = is_empty || extent == 0;
    const std::uint64_t factor = extent == 0 ? 1 : static_cast<std::uint64_t>(extent);
    if (__builtin_mul_overflow(product, factor, &product) || product > kMaxTensorBytes) {
      return std::nullopt;
    }
  }
  return is_empty ? 0 : product;
}

std::optional<std::uint64_t> packed_bytes(std::uint64_t elements, DType dtype) noexcept {
  std::uint64_t bits = bits_of(dtype);
  if (bits == 0 || __builtin_mul_overflow(elements, bits, &bits) || bits > kMaxTensorBytes * 8) {
    return std::nullopt;
  }
  return (bits + 7) / 8;
}

std::optional<std::uint64_t> packed_bytes(std::span<const std::int64_t> extents,
                                          DType dtype) noexcept {
  const auto elements = element_count(extents);
  return elements ? packed_bytes(*elements, dtype) : std::nullopt;
}

void contiguous_strides(std::span<const std::int64_t> extents,
                        DType dtype,
                        std::span<std::int64_t> strides) noexcept {
  const std::uint64_t bits = bits_of(dtype);
  // Unsigned, so that it may wrap: beside a zero extent, where no stride is ever used.
  std::uint64_t stride = bits % 8 == 0 ? bits / 8 : 0;
  for (std::size_t i = extents.size(); i-- > 0;) {
    strides[i] = static_cast<std::int64_t>(stride);
    stride *= extents[i] == 0 ? 1U : static_cast<std::uint64_t>(extents[i]);
  }
}

}  // namespace tenure::layout
