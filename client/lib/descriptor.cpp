// SPDX-License-Identifier: Apache-2.0
#include "client/lib/descriptor.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_access.hpp"

namespace tenure::detail {
namespace {

using Parts = TensorAccess::Parts;

__extension__ using Int128 = __int128;  // Extents times strides, which no 64 bits can hold.

Error corrupt(const BundleSchema& schema, std::size_t index, const char* what) {
  return {.code = Errc::corrupt,
          .detail = "tensor " + schema.tensors[index].name + ": its descriptor " + what};
}

// The largest power of two that divides the element size, at most 16: what the compiler may expect
// of an element's address.
std::uint64_t element_align(DType dtype) noexcept {
  const std::uint64_t bytes = bits_of(dtype) / 8;
  return bytes == 0 ? 1 : std::min<std::uint64_t>(bytes & (~bytes + 1), 16);
}

bool is_sub_byte(DType dtype) noexcept {
  return bits_of(dtype) % 8 != 0;
}

// Fills in rank, extents, contiguous strides and size; false for a shape that cannot be. One pass,
// from the innermost dimension out.
bool fill_contiguous(const Parts& view, std::span<const std::int64_t> extents) noexcept {
  const std::uint64_t bits = bits_of(view.dtype);
  // No stride is said of a sub-byte tensor.
  const std::uint64_t item = bits % 8 == 0 ? bits / 8 : 0;
  std::uint64_t elements = 1;
  bool is_empty = false;
  for (std::size_t i = extents.size(); i-- > 0;) {
    const std::int64_t extent = extents[i];
    view.extents[i] = extent;
    view.strides_bytes[i] = static_cast<std::int64_t>(elements * item);
    is_empty = is_empty || extent == 0;
    // A zero extent makes the product 0, but must not hide an absurd extent beside it.
    const auto factor = static_cast<std::uint64_t>(extent == 0 ? 1 : extent);
    if (extent < 0 || __builtin_mul_overflow(elements, factor, &elements) ||
        elements > layout::kMaxTensorBytes) {
      return false;
    }
  }
  const auto packed = layout::packed_bytes(is_empty ? 0 : elements, view.dtype);
  view.rank = static_cast<std::uint32_t>(extents.size());
  view.size_bytes = packed.value_or(0);
  return packed.has_value();
}

// Takes the strides that the peer says. A sub-byte tensor can only be contiguous.
bool take_strides(const Parts& view, std::span<const std::int64_t> strides) noexcept {
  if (is_sub_byte(view.dtype)) {
    return std::equal(strides.begin(), strides.end(), view.strides_bytes.begin());
  }
  std::copy(strides.begin(), strides.end(), view.strides_bytes.begin());
  return true;
}

// Where the elements of a strided tensor lie; false if any would lie outside [0, limit).
bool measure_strided(const Parts& view,
                     std::uint64_t offset_bytes,
                     std::uint64_t limit_bytes,
                     TensorRange& range) noexcept {
  const auto item = static_cast<std::int64_t>(bits_of(view.dtype) / 8);
  Int128 lowest = offset_bytes;
  Int128 highest = lowest + item;
  for (std::uint32_t i = 0; i < view.rank; ++i) {
    if (view.strides_bytes[i] % item != 0) {
      return false;
    }
    const Int128 reach = static_cast<Int128>(view.extents[i] - 1) * view.strides_bytes[i];
    (reach < 0 ? lowest : highest) += reach;
  }
  if (lowest < 0 || highest > limit_bytes) {
    return false;
  }
  range.begin_bytes = static_cast<std::uint64_t>(lowest);
  range.end_bytes = static_cast<std::uint64_t>(highest);
  return true;
}

// Where the elements lie; false if any would lie outside [0, limit).
bool measure(const Parts& view,
             bool is_strided,
             std::uint64_t offset_bytes,
             std::uint64_t limit_bytes,
             TensorRange& range) noexcept {
  if (offset_bytes > limit_bytes || (offset_bytes & (element_align(view.dtype) - 1)) != 0) {
    return false;
  }
  if (is_strided && view.size_bytes != 0) {
    return measure_strided(view, offset_bytes, limit_bytes, range);
  }
  range.begin_bytes = offset_bytes;
  range.end_bytes = offset_bytes + view.size_bytes;
  return view.size_bytes <= limit_bytes - offset_bytes;
}

bool fits_schema(const TensorSpec& spec, DType dtype, std::size_t rank) noexcept {
  return rank <= kMaxRank &&
         (spec.dtype == DType::any ? bits_of(dtype) != 0
                                   : dtype == spec.dtype && rank == spec.shape.rank());
}

// Extents and strides, from the descriptor or its extension; false if they cannot be read.
bool load_shape(const BundleSchema& schema,
                const layout::TensorDescriptor& descriptor,
                const std::byte* slot,
                const Parts& view) noexcept {
  if ((descriptor.flags & layout::kExtended) == 0) {
    return descriptor.rank <= layout::kInlineRank &&
           fill_contiguous(view, std::span(descriptor.sizes).first(descriptor.rank));
  }
  if (descriptor.extension >= schema.tensors.size()) {
    return false;
  }
  layout::TensorExtension extension;
  std::memcpy(&extension,
              slot + schema.plan.extensions_offset_bytes +
                  descriptor.extension * sizeof(layout::TensorExtension),
              sizeof extension);
  return fill_contiguous(view, std::span(extension.sizes).first(descriptor.rank)) &&
         take_strides(view, std::span(extension.strides_bytes).first(descriptor.rank));
}

Error bad_tensor(const TensorSpec& spec, const std::string& what) {
  return {.code = Errc::bad_request, .detail = spec.name + ": " + what};
}

std::byte* descriptor_at(const BundleSchema& schema, std::size_t index, std::byte* slot) noexcept {
  return slot + schema.plan.descriptors_offset_bytes + index * sizeof(layout::TensorDescriptor);
}

Error bad_type(const TensorSpec& spec, DType dtype, std::size_t rank) {
  const bool is_open = spec.dtype == DType::any;
  if (is_open ? bits_of(dtype) == 0 : dtype != spec.dtype) {
    return bad_tensor(spec,
                      is_open ? "its dtype is open: say dtype and shape"
                              : "is " + to_string(spec.dtype) + ", not " + to_string(dtype));
  }
  return bad_tensor(spec,
                    "rank " + std::to_string(rank) + "; the schema says " +
                        (is_open ? "at most 8" : std::to_string(spec.shape.rank())));
}

}  // namespace

Result<void> open_tensor(const BundleSchema& schema,
                         std::size_t index,
                         const std::byte* slot,
                         std::uint64_t limit_bytes,
                         OpenedTensor& tensor) {
  layout::TensorDescriptor descriptor;
  std::memcpy(
      &descriptor,
      slot + schema.plan.descriptors_offset_bytes + index * sizeof(layout::TensorDescriptor),
      sizeof descriptor);
  if ((descriptor.flags & ~(layout::kPresent | layout::kExtended)) != 0) {
    return corrupt(schema, index, "has unknown flags");
  }
  if ((descriptor.flags & layout::kPresent) == 0) {
    return {};
  }
  const Parts parts = TensorAccess::parts(tensor.view);
  parts.dtype = static_cast<DType>(descriptor.dtype);
  if (!fits_schema(schema.tensors[index], parts.dtype, descriptor.rank)) {
    return corrupt(schema, index, "breaks the schema");
  }
  if (!load_shape(schema, descriptor, slot, parts)) {
    return corrupt(schema, index, "contradicts itself");
  }
  const bool is_strided = (descriptor.flags & layout::kExtended) != 0 && !is_sub_byte(parts.dtype);
  if (!measure(parts, is_strided, descriptor.offset_bytes, limit_bytes, tensor.range)) {
    return corrupt(schema, index, "leaves the slot");
  }
  parts.data = slot + descriptor.offset_bytes;
  tensor.range.is_present = true;
  return {};
}

Result<void> place_tensor(const BundleSchema& schema,
                          std::size_t index,
                          const Form& form,
                          std::byte* slot,
                          TensorSpan& span) {
  const auto& [dtype, extents] = form;
  const TensorSpec& spec = schema.tensors[index];
  const layout::TensorPlace& place = schema.plan.tensors[index];
  if (!fits_schema(spec, dtype, extents.size())) {
    return bad_type(spec, dtype, extents.size());
  }
  const Parts parts = TensorAccess::parts(span);
  parts.dtype = dtype;
  parts.data = slot + place.offset_bytes;
  const bool can_be = fill_contiguous(parts, extents);
  if (!can_be || parts.size_bytes > place.room_bytes) {
    return bad_tensor(
        spec,
        (can_be ? std::to_string(parts.size_bytes) + " bytes" : "an impossible shape") +
            "; there is room for " + std::to_string(place.room_bytes));
  }
  return {};
}

void write_descriptor(const BundleSchema& schema,
                      std::size_t index,
                      const TensorSpan& tensor,
                      std::byte* slot) noexcept {
  const std::span<const std::int64_t> extents = tensor.shape();
  layout::TensorDescriptor descriptor{
      .offset_bytes = static_cast<std::uint64_t>(tensor.data() - slot),
      .dtype = static_cast<std::uint32_t>(tensor.dtype()),
      .rank = static_cast<std::uint8_t>(extents.size()),
      .flags = layout::kPresent,
      .extension = 0,
      .sizes = {}};
  if (extents.size() <= layout::kInlineRank) {
    std::copy(extents.begin(), extents.end(), descriptor.sizes.begin());
  } else {
    descriptor.flags |= layout::kExtended;
    descriptor.extension = static_cast<std::uint16_t>(index);  // Each tensor has its own.
    layout::TensorExtension extension{};
    std::copy(extents.begin(), extents.end(), extension.sizes.begin());
    const std::span<const std::int64_t> strides = tensor.strides_bytes();
    std::copy(strides.begin(), strides.end(), extension.strides_bytes.begin());
    std::memcpy(slot + schema.plan.extensions_offset_bytes + index * sizeof extension,
                &extension,
                sizeof extension);
  }
  std::memcpy(descriptor_at(schema, index, slot), &descriptor, sizeof descriptor);
}

void write_absent(const BundleSchema& schema, std::size_t index, std::byte* slot) noexcept {
  const layout::TensorDescriptor absent{};
  std::memcpy(descriptor_at(schema, index, slot), &absent, sizeof absent);
}

}  // namespace tenure::detail
