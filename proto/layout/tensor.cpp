// SPDX-License-Identifier: Apache-2.0
#include <tenure/tensor.hpp>

#include <algorithm>
#include <cstring>

#include "proto/layout/extent.hpp"
#include "proto/layout/strided_copy.hpp"
#include "proto/layout/tensor_access.hpp"

namespace tenure {
namespace {

Error refused(std::string what) {
  return {.code = Errc::bad_request, .detail = std::move(what)};
}

std::string in_brackets(std::span<const std::int64_t> extents) {
  std::string text = "[";
  for (const std::int64_t extent : extents) {
    text += (text.size() == 1 ? "" : ", ") + std::to_string(extent);
  }
  return text + "]";
}

bool is_sub_byte(DType dtype) noexcept {
  return bits_of(dtype) % 8 != 0;
}

}  // namespace

std::uint64_t TensorView::element_count() const noexcept {
  return layout::element_count(shape()).value_or(0);
}

bool TensorView::is_contiguous() const noexcept {
  // No stride is said of a sub-byte tensor. Unsigned: it may wrap, beside a zero extent.
  std::uint64_t expected = is_sub_byte(dtype_) ? 0 : bits_of(dtype_) / 8;
  bool is_plain = true;
  for (std::size_t i = rank_; i-- > 0;) {
    if (extents_[i] == 0) {
      return true;
    }
    is_plain = is_plain && (extents_[i] == 1 || strides_[i] == static_cast<std::int64_t>(expected));
    expected *= static_cast<std::uint64_t>(extents_[i]);
  }
  return is_plain;
}

Result<void> TensorView::check_as(DType wanted) const {
  if (dtype_ != wanted) {
    return refused("dtype: the tensor is " + to_string(dtype_) + ", not " + to_string(wanted));
  }
  if (!is_contiguous()) {
    return refused("strides: " + in_brackets(strides_bytes()) + " bytes for the shape " +
                   in_brackets(shape()) + "; only a contiguous tensor is one span");
  }
  return {};
}

Result<TensorView> TensorView::contiguous(const std::byte* data,
                                          std::uint64_t size_bytes,
                                          DType dtype,
                                          const Shape& shape) {
  if (shape.rank() > kMaxRank) {
    return refused("shape: rank " + std::to_string(shape.rank()) + "; at most 8");
  }
  const auto needed = layout::packed_bytes(shape.extents(), dtype);
  if (!needed) {
    return refused("shape: " + in_brackets(shape.extents()) + " of " + to_string(dtype) +
                   ": a negative extent, more than 2^56 bytes, or a dtype without bits");
  }
  if (*needed != size_bytes) {
    return refused("shape: " + in_brackets(shape.extents()) + " of " + to_string(dtype) +
                   " takes " + std::to_string(*needed) + " bytes, not " +
                   std::to_string(size_bytes));
  }
  std::array<std::int64_t, kMaxRank> strides{};
  layout::contiguous_strides(shape.extents(), dtype, strides);
  return detail::TensorAccess::view(data,
                                    {.dtype = dtype,
                                     .extents = shape.extents(),
                                     .strides_bytes = std::span(strides).first(shape.rank()),
                                     .size_bytes = size_bytes});
}

Result<void> TensorSpan::copy_from(const TensorView& source) const {
  if (dtype() != source.dtype()) {
    return refused("dtype: " + to_string(source.dtype()) + " into " + to_string(dtype()));
  }
  if (!std::ranges::equal(shape(), source.shape())) {
    return refused("shape: " + in_brackets(source.shape()) + " into " + in_brackets(shape()));
  }
  if (size_bytes() == 0) {
    return {};
  }
  if (is_contiguous() && source.is_contiguous()) {
    std::memmove(data(), source.data(), size_bytes());
    return {};
  }
  if (is_sub_byte(dtype())) {
    return refused("strides: " + to_string(dtype()) + " is less than a byte: contiguous only");
  }
  layout::copy_strided({data(), strides_bytes()},
                       {source.data(), source.strides_bytes()},
                       shape(),
                       bits_of(dtype()) / 8);
  return {};
}

namespace detail {

void TensorAccess::fill(TensorView& view, const std::byte* data, const Fields& fields) noexcept {
  const std::size_t rank = std::min(fields.extents.size(), kMaxRank);
  view.data_ = data;
  view.size_bytes_ = fields.size_bytes;
  view.dtype_ = fields.dtype;
  view.rank_ = static_cast<std::uint32_t>(rank);
  std::copy_n(fields.extents.begin(), rank, view.extents_.begin());
  std::copy_n(fields.strides_bytes.begin(), rank, view.strides_.begin());
}

TensorView TensorAccess::view(const std::byte* data, const Fields& fields) noexcept {
  TensorView view;
  fill(view, data, fields);
  return view;
}

TensorSpan TensorAccess::span(std::byte* data, const Fields& fields) noexcept {
  TensorSpan span;
  fill(span, data, fields);
  return span;
}

}  // namespace detail
}  // namespace tenure
