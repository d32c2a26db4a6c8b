// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/slot_plan.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/slot_record.hpp"
#include "proto/layout/tensor_name.hpp"

namespace tenure::layout {
namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

Error bad_field(std::string what) {
  return {.code = Errc::bad_request, .detail = std::move(what)};
}

Result<std::uint64_t> room_of(const TensorSpec& spec) {
  const auto extents = spec.shape.extents();
  if (spec.shape.rank() > kMaxRank) {
    return bad_field(spec.name + ": rank " + std::to_string(spec.shape.rank()) + "; at most 8");
  }
  const bool is_open = spec.dtype == DType::any;
  if (is_open && extents.size() != 1) {
    return bad_field(spec.name + ": an open dtype takes the shape {room in bytes}");
  }
  const auto room = packed_bytes(extents, is_open ? DType::uint8 : spec.dtype);
  if (!room) {
    return bad_field(spec.name + ": a negative extent, too many bytes, or a dtype without bits");
  }
  return *room;
}

}  // namespace

Result<SlotPlan> plan_slot(std::span<const TensorSpec> schema, std::size_t attribute_bytes) {
  if (schema.empty() || schema.size() > kMaxTensors) {
    return bad_field("schema: " + std::to_string(schema.size()) +
                     " tensors; 1 to 4096 are allowed");
  }
  if (attribute_bytes > kMaxAttributeBytes) {
    return bad_field("attribute_bytes: " + std::to_string(attribute_bytes) + "; at most 4096");
  }
  SlotPlan plan{};
  plan.descriptors_offset_bytes = sizeof(SlotRecord);
  plan.extensions_offset_bytes =
      plan.descriptors_offset_bytes + schema.size() * sizeof(TensorDescriptor);
  plan.attributes_offset_bytes =
      plan.extensions_offset_bytes + schema.size() * sizeof(TensorExtension);
  std::uint64_t end = plan.attributes_offset_bytes + attribute_bytes;
  std::uint64_t slot_align = kTensorAlignBytes;
  std::unordered_set<std::string_view> names;
  plan.tensors.reserve(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (auto bad = check_tensor_name(schema[i].name, i)) {
      return *std::move(bad);
    }
    if (!names.insert(schema[i].name).second) {
      return bad_field("schema: the name " + schema[i].name + " stands twice");
    }
    const auto room = room_of(schema[i]);
    if (!room) {
      return room.error();
    }
    const std::uint64_t align = *room >= kPageAlignBytes ? kPageAlignBytes : kTensorAlignBytes;
    const std::uint64_t begin = round_up(end, align);
    plan.tensors.push_back({.offset_bytes = begin, .room_bytes = *room});
    slot_align = align > slot_align ? align : slot_align;
    end = begin + *room;
    if (end > kMaxTensorBytes) {
      return bad_field("schema: a bundle of more than 2^56 bytes");
    }
  }
  plan.stride_bytes = round_up(end, slot_align);
  return plan;
}

}  // namespace tenure::layout
