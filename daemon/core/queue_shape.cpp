// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/queue_shape.hpp"

#include <utility>

#include "daemon/core/declared_text.hpp"
#include "proto/layout/constants.hpp"
#include "proto/layout/slot_plan.hpp"
#include "proto/wire/enum_names.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::core {
namespace {

constexpr std::uint64_t kMaxDataBytes = std::uint64_t{1} << 56U;

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

// Before they are narrowed for the plan.
std::optional<Error> check_numbers(const QueueOptions& options) {
  struct Range {
    const char* field;
    std::size_t value;
    std::size_t least;
    std::size_t most;
  };
  const Range ranges[] = {
      {"slots", options.slots, 1, layout::kMaxQueueSlots},
      {"lanes", options.lanes, 1, layout::kMaxLanes},
      {"max_deliveries", options.max_deliveries, 0, layout::kMaxDeliveries},
  };
  for (const auto& [field, value, least, most] : ranges) {
    if (value < least || value > most) {
      return bad_field(field,
                       std::to_string(value),
                       std::to_string(least) + " to " + std::to_string(most) + " are allowed");
    }
  }
  return check_mode(options.terms);
}

template <class E>
std::string name_of(E value) {
  return std::string(wire::enumerator_name(value));
}

std::optional<std::string> number_difference(const QueueOptions& there, const QueueOptions& asked) {
  const std::pair<const char*, std::size_t QueueOptions::*> numbers[] = {
      {"slots", &QueueOptions::slots},
      {"lanes", &QueueOptions::lanes},
      {"max_deliveries", &QueueOptions::max_deliveries},
      {"attribute_bytes", &QueueOptions::attribute_bytes}};
  for (const auto& [name, member] : numbers) {
    if (there.*member != asked.*member) {
      return differ(name, std::to_string(there.*member), std::to_string(asked.*member));
    }
  }
  return std::nullopt;
}

}  // namespace

layout::QueueShape rules_of(const QueueOptions& options) noexcept {
  return {.slots = static_cast<std::uint32_t>(options.slots),
          .lanes = static_cast<std::uint32_t>(options.lanes),
          .max_deliveries = static_cast<std::uint32_t>(options.max_deliveries),
          .is_repeatable = options.consume == Consume::repeatable};
}

Result<QueueShape> shape_queue(const QueueOptions& options, std::uint32_t page_bytes) {
  if (auto bad = check_numbers(options)) {
    return *std::move(bad);
  }
  const auto head = layout::plan_queue(rules_of(options));
  if (!head) {
    return head.error();
  }
  const auto slot = layout::plan_slot(options.schema, options.attribute_bytes);
  if (!slot) {
    return slot.error();
  }
  if (slot->stride_bytes > kMaxDataBytes / options.slots) {
    return bad_field(
        "slots",
        std::to_string(options.slots),
        "of " + std::to_string(slot->stride_bytes) + " bytes each they are more than 2^56 bytes");
  }
  QueueShape shape{.slot_stride_bytes = slot->stride_bytes};
  shape.head_bytes = round_up(head->head_bytes, page_bytes);
  shape.data_bytes = round_up(slot->stride_bytes * options.slots, page_bytes);
  shape.schema_bytes = schema_text_bytes(options.schema);
  if (shape.schema_bytes <= wire::kMaxInlineSchemaBytes) {
    shape.schema_bytes = 0;
  }
  return shape;
}

std::optional<std::string> first_difference(const QueueOptions& there, const QueueOptions& asked) {
  if (auto schema = schema_difference(there.schema, asked.schema)) {
    return schema;
  }
  if (auto number = number_difference(there, asked)) {
    return number;
  }
  if (there.when_full != asked.when_full) {
    return differ("when_full", name_of(there.when_full), name_of(asked.when_full));
  }
  if (there.consume != asked.consume) {
    return differ("consume", name_of(there.consume), name_of(asked.consume));
  }
  if (there.stamp != asked.stamp) {
    return differ("stamp", name_of(there.stamp), name_of(asked.stamp));
  }
  return terms_difference(there.terms, asked.terms);
}

}  // namespace tenure::core
