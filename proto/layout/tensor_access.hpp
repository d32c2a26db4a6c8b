// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <tenure/tensor.hpp>

namespace tenure::detail {

/// Makes views of memory whose extents the caller has checked.
struct TensorAccess {
  /// What a view says of its memory. `extents` and `strides_bytes` have the same length, at most
  /// kMaxRank; both are copied.
  struct Fields {
    DType dtype = DType::any;
    std::span<const std::int64_t> extents = {};
    std::span<const std::int64_t> strides_bytes = {};
    std::uint64_t size_bytes = 0;  ///< layout::packed_bytes() of dtype and extents.
  };

  /// `data` is the element (0, 0, ...).
  [[nodiscard]] static TensorView view(const std::byte* data, const Fields& fields) noexcept;
  [[nodiscard]] static TensorSpan span(std::byte* data, const Fields& fields) noexcept;

 private:
  static void fill(TensorView& view, const std::byte* data, const Fields& fields) noexcept;
};

}  // namespace tenure::detail
