// SPDX-License-Identifier: Apache-2.0
#include "client/lib/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_access.hpp"

namespace tenure::detail {
namespace {

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

bool is_contiguous(const OpenedTensor& tensor) noexcept {
  std::array<std::int64_t, kMaxRank> expected{};
  layout::contiguous_strides(
      {tensor.extents.data(), tensor.rank}, tensor.dtype, {expected.data(), tensor.rank});
  return std::equal(expected.begin(), expected.begin() + tensor.rank, tensor.strides_bytes.begin());
}

// Sizes, and strides where there are any; false if the descriptor cannot be read.
bool load_shape(const BundleSchema& schema,
                const layout::TensorDescriptor& descriptor,
                const std::byte* slot,
                OpenedTensor& tensor) noexcept {
  if ((descriptor.flags & layout::kExtended) == 0) {
    if (descriptor.rank > layout::kInlineRank) {
      return false;
    }
    std::copy_n(descriptor.sizes.begin(), descriptor.rank, tensor.extents.begin());
    layout::contiguous_strides({tensor.extents.data(), tensor.rank},
                               tensor.dtype,
                               {tensor.strides_bytes.data(), tensor.rank});
    return true;
  }
  if (descriptor.rank > kMaxRank || descriptor.extension >= schema.tensors.size()) {
    return false;
  }
  layout::TensorExtension extension;
  std::memcpy(&extension,
              slot + schema.plan.extensions_offset_bytes +
                  descriptor.extension * sizeof(layout::TensorExtension),
              sizeof extension);
  std::copy_n(extension.sizes.begin(), descriptor.rank, tensor.extents.begin());
  std::copy_n(extension.strides_bytes.begin(), descriptor.rank, tensor.strides_bytes.begin());
  return !is_sub_byte(tensor.dtype) || is_contiguous(tensor);
}

bool fits_schema(const TensorSpec& spec, const OpenedTensor& tensor) noexcept {
  return spec.dtype == DType::any ? bits_of(tensor.dtype) != 0
                                  : tensor.dtype == spec.dtype && tensor.rank == spec.shape.rank();
}

// Sets begin, end and size; false if any element would lie outside [0, limit).
bool measure(OpenedTensor& tensor, std::uint64_t limit_bytes) noexcept {
  const std::span<const std::int64_t> extents(tensor.extents.data(), tensor.rank);
  const auto elements = layout::element_count(extents);
  const auto packed = elements ? layout::packed_bytes(*elements, tensor.dtype) : std::nullopt;
  if (!packed || tensor.offset_bytes > limit_bytes ||
      tensor.offset_bytes % element_align(tensor.dtype) != 0) {
    return false;
  }
  tensor.size_bytes = *packed;
  Int128 lowest = tensor.offset_bytes;
  Int128 highest = lowest + *packed;
  if (*elements != 0 && !is_sub_byte(tensor.dtype)) {
    const auto item = static_cast<std::int64_t>(bits_of(tensor.dtype) / 8);
    highest = lowest + item;
    for (std::uint32_t i = 0; i < tensor.rank; ++i) {
      if (tensor.strides_bytes[i] % item != 0) {
        return false;
      }
      const Int128 reach = static_cast<Int128>(tensor.extents[i] - 1) * tensor.strides_bytes[i];
      (reach < 0 ? lowest : highest) += reach;
    }
  }
  if (lowest < 0 || highest > limit_bytes) {
    return false;
  }
  tensor.begin_bytes = static_cast<std::uint64_t>(lowest);
  tensor.end_bytes = static_cast<std::uint64_t>(highest);
  return true;
}

Error bad_tensor(const TensorSpec& spec, const std::string& what) {
  return {.code = Errc::bad_request, .detail = spec.name + ": " + what};
}

TensorAccess::Fields fields_of(const OpenedTensor& tensor) noexcept {
  return {.dtype = tensor.dtype,
          .extents = {tensor.extents.data(), tensor.rank},
          .strides_bytes = {tensor.strides_bytes.data(), tensor.rank},
          .size_bytes = tensor.size_bytes};
}

std::byte* descriptor_at(const BundleSchema& schema, std::size_t index, std::byte* slot) noexcept {
  return slot + schema.plan.descriptors_offset_bytes + index * sizeof(layout::TensorDescriptor);
}

}  // namespace

TensorView OpenedTensor::view(const std::byte* slot) const noexcept {
  return TensorAccess::view(slot + offset_bytes, fields_of(*this));
}

TensorSpan OpenedTensor::span(std::byte* slot) const noexcept {
  return TensorAccess::span(slot + offset_bytes, fields_of(*this));
}

Result<OpenedTensor> open_tensor(const BundleSchema& schema,
                                 std::size_t index,
                                 const std::byte* slot,
                                 std::uint64_t limit_bytes) {
  layout::TensorDescriptor descriptor;
  std::memcpy(
      &descriptor,
      slot + schema.plan.descriptors_offset_bytes + index * sizeof(layout::TensorDescriptor),
      sizeof descriptor);
  OpenedTensor tensor;
  if ((descriptor.flags & ~(layout::kPresent | layout::kExtended)) != 0) {
    return corrupt(schema, index, "has unknown flags");
  }
  if ((descriptor.flags & layout::kPresent) == 0) {
    return tensor;
  }
  tensor.is_present = true;
  tensor.dtype = static_cast<DType>(descriptor.dtype);
  tensor.rank = descriptor.rank;
  tensor.offset_bytes = descriptor.offset_bytes;
  if (tensor.rank > kMaxRank || !fits_schema(schema.tensors[index], tensor)) {
    return corrupt(schema, index, "breaks the schema");
  }
  if (!load_shape(schema, descriptor, slot, tensor)) {
    return corrupt(schema, index, "contradicts itself");
  }
  if (!measure(tensor, limit_bytes)) {
    return corrupt(schema, index, "leaves the slot");
  }
  return tensor;
}

Result<OpenedTensor> place_tensor(const BundleSchema& schema,
                                  std::size_t index,
                                  DType dtype,
                                  const Shape& shape) {
  const TensorSpec& spec = schema.tensors[index];
  const layout::TensorPlace& place = schema.plan.tensors[index];
  const bool is_open = spec.dtype == DType::any;
  if (is_open ? bits_of(dtype) == 0 : dtype != spec.dtype) {
    return bad_tensor(spec,
                      is_open ? "its dtype is open: say dtype and shape"
                              : "is " + to_string(spec.dtype) + ", not " + to_string(dtype));
  }
  if (shape.rank() > kMaxRank || (!is_open && shape.rank() != spec.shape.rank())) {
    return bad_tensor(spec,
                      "rank " + std::to_string(shape.rank()) + "; the schema says " +
                          (is_open ? "at most 8" : std::to_string(spec.shape.rank())));
  }
  OpenedTensor tensor{.is_present = true,
                      .dtype = dtype,
                      .rank = static_cast<std::uint32_t>(shape.rank()),
                      .offset_bytes = place.offset_bytes,
                      .begin_bytes = place.offset_bytes};
  const auto size = layout::packed_bytes(shape.extents(), dtype);
  if (!size || *size > place.room_bytes) {
    return bad_tensor(spec,
                      (size ? std::to_string(*size) + " bytes" : "an impossible shape") +
                          "; there is room for " + std::to_string(place.room_bytes));
  }
  std::copy_n(shape.extents().begin(), tensor.rank, tensor.extents.begin());
  layout::contiguous_strides(
      {tensor.extents.data(), tensor.rank}, dtype, {tensor.strides_bytes.data(), tensor.rank});
  tensor.size_bytes = *size;
  tensor.end_bytes = place.offset_bytes + *size;
  return tensor;
}

void write_descriptor(const BundleSchema& schema,
                      std::size_t index,
                      const OpenedTensor& tensor,
                      std::byte* slot) noexcept {
  layout::TensorDescriptor descriptor{.offset_bytes = tensor.offset_bytes,
                                      .dtype = static_cast<std::uint32_t>(tensor.dtype),
                                      .rank = static_cast<std::uint8_t>(tensor.rank),
                                      .flags = layout::kPresent,
                                      .extension = 0,
                                      .sizes = {}};
  if (tensor.rank <= layout::kInlineRank) {
    std::copy_n(tensor.extents.begin(), tensor.rank, descriptor.sizes.begin());
  } else {
    descriptor.flags |= layout::kExtended;
    descriptor.extension = static_cast<std::uint16_t>(index);  // Each tensor has its own.
    const layout::TensorExtension extension{.sizes = tensor.extents,
                                            .strides_bytes = tensor.strides_bytes};
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
