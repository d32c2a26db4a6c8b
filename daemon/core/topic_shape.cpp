// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/topic_shape.hpp"

#include <limits>
#include <utility>

#include "daemon/core/declared_text.hpp"
#include "proto/layout/constants.hpp"
#include "proto/layout/slot_plan.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::core {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

std::optional<Error> check_numbers(const TopicOptions& options) {
  if (options.slots < 1 || options.slots > layout::kMaxSlots) {
    return bad_field("slots", std::to_string(options.slots), "1 to 64 are allowed");
  }
  if (options.subscribers < 1 || options.subscribers > layout::kMaxSubscribers) {
    return bad_field("subscribers", std::to_string(options.subscribers), "1 to 1023 are allowed");
  }
  if (options.retention == Retention::lossless && options.slots < layout::kMinViewSlots) {
    return bad_field("slots", std::to_string(options.slots), "lossless needs at least 3");
  }
  if (auto bad = check_mode(options.terms)) {
    return bad;
  }
  if (options.lag_limit && options.retention != Retention::lossless) {
    return bad_field("lag_limit",
                     std::to_string(options.lag_limit->count()) + " ms",
                     "it belongs to lossless retention");
  }
  if (options.lag_limit &&
      (options.lag_limit->count() < 1 ||
       options.lag_limit->count() > std::numeric_limits<std::uint32_t>::max())) {
    return bad_field("lag_limit",
                     std::to_string(options.lag_limit->count()) + " ms",
                     "1 to 4294967295 ms are allowed");
  }
  return std::nullopt;
}

std::string milliseconds_text(const std::optional<std::chrono::milliseconds>& value) {
  return value ? std::to_string(value->count()) + " ms" : "the default";
}

std::optional<std::string> number_difference(const TopicOptions& there, const TopicOptions& asked) {
  const std::pair<const char*, std::size_t TopicOptions::*> numbers[] = {
      {"slots", &TopicOptions::slots},
      {"subscribers", &TopicOptions::subscribers},
      {"attribute_bytes", &TopicOptions::attribute_bytes}};
  for (const auto& [name, member] : numbers) {
    if (there.*member != asked.*member) {
      return differ(name, std::to_string(there.*member), std::to_string(asked.*member));
    }
  }
  return std::nullopt;
}

}  // namespace

Result<TopicShape> shape_topic(const TopicOptions& options, std::uint32_t page_bytes) {
  if (auto bad = check_numbers(options)) {
    return *std::move(bad);
  }
  const auto plan = layout::plan_slot(options.schema, options.attribute_bytes);
  if (!plan) {
    return plan.error();
  }
  TopicShape shape{.slot_stride_bytes = plan->stride_bytes};
  shape.head_bytes = round_up(layout::kTopicHeadBytes, page_bytes);
  shape.bell_bytes = round_up(layout::topic_bell_bytes(options.subscribers), page_bytes);
  shape.schema_bytes = schema_text_bytes(options.schema);
  if (shape.schema_bytes <= wire::kMaxInlineSchemaBytes) {
    shape.schema_bytes = 0;
  }
  // At most 64 slots of a little over 2^56 bytes: no overflow.
  shape.data_bytes = round_up(plan->stride_bytes * options.slots, page_bytes);
  return shape;
}

std::optional<std::string> first_difference(const TopicOptions& there, const TopicOptions& asked) {
  if (auto schema = schema_difference(there.schema, asked.schema)) {
    return schema;
  }
  if (auto number = number_difference(there, asked)) {
    return number;
  }
  if (there.retention != asked.retention) {
    const auto text = [](Retention value) {
      return value == Retention::lossless ? "lossless" : "overwrite";
    };
    return differ("retention", text(there.retention), text(asked.retention));
  }
  if (there.lag_limit != asked.lag_limit) {
    return differ(
        "lag_limit", milliseconds_text(there.lag_limit), milliseconds_text(asked.lag_limit));
  }
  if (there.stamp != asked.stamp) {
    const auto text = [](Stamp value) { return value == Stamp::none ? "none" : "monotonic"; };
    return differ("stamp", text(there.stamp), text(asked.stamp));
  }
  return terms_difference(there.terms, asked.terms);
}

}  // namespace tenure::core
