// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/slot_plan.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::layout {
namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

Error bad_field(std::string what) {
  return {.code = Errc::bad_request, .detail = std::move(what)};
}

// A row of Unicode 15's table 3-7: which bytes may follow a first byte of a UTF-8 sequence.
struct Utf8Row {
  unsigned first_low, first_high;    // The first byte,
  unsigned second_low, second_high;  // the second,
  std::size_t length;                // and how many there are; from the third on 80..BF.
};
constexpr std::array<Utf8Row, 9> kUtf8Rows{{{0x00, 0x7F, 0x00, 0x00, 1},
                                            {0xC2, 0xDF, 0x80, 0xBF, 2},
                                            {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                            {0xE1, 0xEC, 0x80, 0xBF, 3},
                                            {0xED, 0xED, 0x80, 0x9F, 3},
                                            {0xEE, 0xEF, 0x80, 0xBF, 3},
                                            {0xF0, 0xF0, 0x90, 0xBF, 4},
                                            {0xF1, 0xF3, 0x80, 0xBF, 4},
                                            {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool begins_with(std::string_view text, const Utf8Row& row) noexcept {
  const auto is_within = [&](std::size_t i, unsigned low, unsigned high) {
    const auto byte = static_cast<unsigned char>(text[i]);
    return byte >= low && byte <= high;
  };
  if (text.size() < row.length || !is_within(0, row.first_low, row.first_high)) {
    return false;
  }
  for (std::size_t i = 1; i < row.length; ++i) {
    if (!is_within(i, i == 1 ? row.second_low : 0x80, i == 1 ? row.second_high : 0xBF)) {
      return false;
    }
  }
  return true;
}

// Length of the UTF-8 sequence at `text`'s start, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  for (const Utf8Row& row : kUtf8Rows) {
    if (begins_with(text, row)) {
      return row.length;
    }
  }
  return 0;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::optional<Error> check_name(std::string_view name, std::size_t index) {
  const std::string field = "schema[" + std::to_string(index) + "].name: ";
  if (name.empty() || name.size() > kMaxNameBytes) {
    return bad_field(field + std::to_string(name.size()) + " bytes; 1 to 255 are allowed");
  }
  if (!is_utf8(name) || name.find('\0') != std::string_view::npos) {
    return bad_field(field + "not UTF-8 text");
  }
  return std::nullopt;
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
    if (auto bad = check_name(schema[i].name, i)) {
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
