// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/buffer_plan.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "proto/layout/constants.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_name.hpp"

namespace tenure::layout {
namespace {

constexpr std::uint64_t kBitsPerByte = 8;

Error bad_field(std::string what) {
  return {.code = Errc::bad_request, .detail = std::move(what)};
}

struct Placed {
  std::uint64_t begin;
  std::uint64_t end;
  const std::string* name;
};

Result<Placed> place(const FixedTensor& tensor, std::uint64_t size_bytes) {
  const auto& [spec, offset] = tensor;
  const auto bytes = bytes_of(spec);
  if (!bytes) {
    return bad_field(spec.name +
                     ": an open dtype, a rank above 8, a negative extent, or too many "
                     "bytes");
  }
  const std::uint64_t align = std::max<std::uint64_t>(bits_of(spec.dtype) / kBitsPerByte, 1);
  if (offset % align != 0) {
    return bad_field(spec.name + ": offset_bytes " + std::to_string(offset) +
                     " is no multiple of the element's " + std::to_string(align) + " bytes");
  }
  if (offset > size_bytes || *bytes > size_bytes - offset) {
    return bad_field(spec.name + ": " + std::to_string(*bytes) + " bytes at " +
                     std::to_string(offset) + " leave the buffer of " + std::to_string(size_bytes));
  }
  return Placed{.begin = offset, .end = offset + *bytes, .name = &spec.name};
}

Result<void> check_disjoint(std::vector<Placed> placed) {
  std::ranges::sort(placed, {}, &Placed::begin);
  std::erase_if(placed, [](const Placed& tensor) { return tensor.begin == tensor.end; });
  const auto first = std::ranges::adjacent_find(
      placed, [](const Placed& a, const Placed& b) { return a.end > b.begin; });
  if (first != placed.end()) {
    return bad_field("schema: " + *first[0].name + " and " + *first[1].name + " overlap");
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> bytes_of(const TensorSpec& spec) noexcept {
  if (spec.dtype == DType::any || spec.shape.rank() > kMaxRank) {
    return std::nullopt;
  }
  return packed_bytes(spec.shape.extents(), spec.dtype);
}

Result<void> check_placement(std::span<const FixedTensor> schema, std::uint64_t size_bytes) {
  if (schema.size() > kMaxTensors) {
    return bad_field("schema: " + std::to_string(schema.size()) +
                     " tensors; at most 4096 are allowed");
  }
  std::unordered_set<std::string_view> names;
  std::vector<Placed> placed;
  placed.reserve(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const std::string& name = schema[i].spec.name;
    if (auto bad = check_tensor_name(name, i)) {
      return *std::move(bad);
    }
    if (!names.insert(name).second) {
      return bad_field("schema: the name " + name + " stands twice");
    }
    auto tensor = place(schema[i], size_bytes);
    if (!tensor) {
      return tensor.error();
    }
    placed.push_back(*tensor);
  }
  return check_disjoint(std::move(placed));
}

}  // namespace tenure::layout
