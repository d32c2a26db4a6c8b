// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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

  /// The fields of a view, to be filled where it stands: a copy of so many words right after they
  /// were written one by one waits for the stores (opening a tensor: 68 -> 43 ns, measured).
  struct Parts {
    const std::byte*& data;
    std::uint64_t& size_bytes;
    DType& dtype;
    std::uint32_t& rank;
    std::array<std::int64_t, kMaxRank>& extents;
    std::array<std::int64_t, kMaxRank>& strides_bytes;
  };
  [[nodiscard]] static Parts parts(TensorView& view) noexcept {
    return {.data = view.data_,
            .size_bytes = view.size_bytes_,
            .dtype = view.dtype_,
            .rank = view.rank_,
            .extents = view.extents_,
            .strides_bytes = view.strides_};
  }

  /// `data` is the element (0, 0, ...).
  [[nodiscard]] static TensorView view(const std::byte* data, const Fields& fields) noexcept;
  [[nodiscard]] static TensorSpan span(std::byte* data, const Fields& fields) noexcept;

 private:
  static void fill(TensorView& view, const std::byte* data, const Fields& fields) noexcept;
};

}  // namespace tenure::detail
