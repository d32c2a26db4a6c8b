// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/buffer_shape.hpp"

#include <algorithm>
#include <utility>

#include "daemon/core/declared_text.hpp"
#include "proto/layout/buffer_plan.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::core {
namespace {

constexpr std::uint64_t kHugePageBytes = 2 << 20;
constexpr std::uint64_t kHugeGrainsFrom = 32 << 20;
constexpr std::uint64_t kDefaultGrains = 16;

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

std::uint64_t default_grain(std::uint64_t size_bytes, std::uint32_t page_bytes) noexcept {
  const std::uint64_t step = size_bytes >= kHugeGrainsFrom
                                 ? std::max<std::uint64_t>(kHugePageBytes, page_bytes)
                                 : page_bytes;
  return round_up((size_bytes + kDefaultGrains - 1) / kDefaultGrains, step);
}

std::string pages_allowed(std::uint32_t page_bytes) {
  return "a multiple of the page, " + std::to_string(page_bytes) + " bytes, is needed";
}

Result<void> check_sizes(const BufferOptions& options, std::uint32_t page_bytes) {
  const auto& [size, grain, schema, root, handover, terms] = options;
  if (size == 0 || size > layout::kMaxBufferBytes) {
    return bad_field("size_bytes", std::to_string(size), "one page to 2^46 bytes are allowed");
  }
  if (size % page_bytes != 0) {
    return bad_field("size_bytes", std::to_string(size), pages_allowed(page_bytes));
  }
  if (grain % page_bytes != 0 || grain > size) {
    return bad_field("grain_bytes",
                     std::to_string(grain),
                     pages_allowed(page_bytes) + ", at most the buffer's size");
  }
  if (grain != 0 && (size + grain - 1) / grain > layout::kMaxGrains) {
    const std::uint64_t least =
        round_up((size + layout::kMaxGrains - 1) / layout::kMaxGrains, page_bytes);
    return bad_field("grain_bytes",
                     std::to_string(grain),
                     "at most 240 grains: " + std::to_string(least) + " bytes or more");
  }
  return {};
}

std::vector<TensorSpec> specs_of(const std::vector<FixedTensor>& schema) {
  std::vector<TensorSpec> specs;
  specs.reserve(schema.size());
  for (const FixedTensor& tensor : schema) {
    specs.push_back(tensor.spec);
  }
  return specs;
}

std::optional<std::string> offset_difference(const BufferOptions& there,
                                             const BufferOptions& asked) {
  for (std::size_t i = 0; i < there.schema.size(); ++i) {
    if (there.schema[i].offset_bytes != asked.schema[i].offset_bytes) {
      const std::string field = "schema[" + std::to_string(i) + "].offset_bytes";
      return differ(field,
                    std::to_string(there.schema[i].offset_bytes),
                    std::to_string(asked.schema[i].offset_bytes));
    }
  }
  return std::nullopt;
}

}  // namespace

Result<BufferShape> shape_buffer(const BufferOptions& options, std::uint32_t page_bytes) {
  if (auto fit = check_sizes(options, page_bytes); !fit) {
    return fit.error();
  }
  if (auto bad = check_mode(options.terms)) {
    return *std::move(bad);
  }
  if (auto placed = layout::check_placement(options.schema, options.size_bytes); !placed) {
    return placed.error();
  }
  BufferShape shape{.size_bytes = options.size_bytes, .grain_bytes = options.grain_bytes};
  if (shape.grain_bytes == 0) {
    shape.grain_bytes = default_grain(options.size_bytes, page_bytes);
  }
  constexpr std::uint64_t offset_member = 40;  // ,"offset_bytes":"70368744177664"
  shape.schema_bytes =
      schema_text_bytes(specs_of(options.schema)) + offset_member * options.schema.size();
  if (shape.schema_bytes <= wire::kMaxInlineSchemaBytes) {
    shape.schema_bytes = 0;
  }
  return shape;
}

std::optional<std::string> first_difference(const BufferOptions& there,
                                            const BufferOptions& asked) {
  const std::pair<const char*, std::uint64_t BufferOptions::*> numbers[] = {
      {"size_bytes", &BufferOptions::size_bytes}, {"grain_bytes", &BufferOptions::grain_bytes}};
  for (const auto& [name, member] : numbers) {
    if (there.*member != asked.*member) {
      return differ(name, std::to_string(there.*member), std::to_string(asked.*member));
    }
  }
  if (auto schema = schema_difference(specs_of(there.schema), specs_of(asked.schema))) {
    return schema;
  }
  if (auto offset = offset_difference(there, asked)) {
    return offset;
  }
  if (there.root != asked.root) {
    const auto text = [](Root root) { return root == Root::creator ? "creator" : "broker"; };
    return differ("root", text(there.root), text(asked.root));
  }
  if (there.handover != asked.handover) {
    const auto text = [](Handover value) { return value == Handover::share ? "share" : "isolate"; };
    return differ("handover", text(there.handover), text(asked.handover));
  }
  return terms_difference(there.terms, asked.terms);
}

}  // namespace tenure::core
