// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/topic_shape.hpp"

#include <limits>
#include <utility>

#include "proto/layout/constants.hpp"
#include "proto/layout/slot_plan.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::core {
namespace {

constexpr std::uint32_t kAllModeBits = 0777;

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

Error bad_field(const char* field, const std::string& value, const char* allowed) {
  return {.code = Errc::bad_request, .detail = std::string(field) + ": " + value + "; " + allowed};
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
  if (options.terms.mode > kAllModeBits) {
    return bad_field("mode", std::to_string(options.terms.mode), "at most 0777 is allowed");
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

std::uint64_t digits_of(std::int64_t extent) noexcept {
  std::uint64_t digits = 1;
  for (; extent > 9; extent /= 10) {
    ++digits;
  }
  return digits;
}

// At most.
std::uint64_t schema_text_bytes(const std::vector<TensorSpec>& schema) noexcept {
  constexpr std::uint64_t around_tensor = 48;  // {"name":"","dtype":"255:255:65535","shape":[]},
  constexpr std::uint64_t around_extent = 3;   // A comma, and quotes from 2^53 on.
  constexpr std::uint64_t escaped = 6;         // \u0001
  constexpr unsigned char first_printable = 0x20;
  std::uint64_t bytes = 2;
  for (const TensorSpec& spec : schema) {
    bytes += around_tensor;
    for (const std::int64_t extent : spec.shape.extents()) {
      bytes += around_extent + digits_of(extent);
    }
    for (const char letter : spec.name) {
      const bool is_quoted = letter == '"' || letter == '\\';
      bytes += static_cast<unsigned char>(letter) < first_printable ? escaped : is_quoted ? 2 : 1;
    }
  }
  return bytes;
}

std::string octal(std::uint32_t mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3U) {
    text[i] = static_cast<char>('0' + (mode & 7U));
  }
  return text;
}

std::string shape_text(const TensorSpec& spec) {
  std::string text = spec.name + " " + to_string(spec.dtype) + "[";
  for (const std::int64_t extent : spec.shape.extents()) {
    text += (text.back() == '[' ? "" : ",") + std::to_string(extent);
  }
  return text + "]";
}

std::string milliseconds_text(const std::optional<std::chrono::milliseconds>& value) {
  return value ? std::to_string(value->count()) + " ms" : "the default";
}

std::string differ(const char* field, const std::string& there, const std::string& asked) {
  return std::string(field) + ": " + there + " there, " + asked + " asked for";
}

std::optional<std::string> schema_difference(const TopicOptions& there, const TopicOptions& asked) {
  if (there.schema.size() != asked.schema.size()) {
    return differ("schema",
                  std::to_string(there.schema.size()) + " tensors",
                  std::to_string(asked.schema.size()));
  }
  for (std::size_t i = 0; i < there.schema.size(); ++i) {
    if (there.schema[i] != asked.schema[i]) {
      const std::string field = "schema[" + std::to_string(i) + "]";
      return differ(field.c_str(), shape_text(there.schema[i]), shape_text(asked.schema[i]));
    }
  }
  return std::nullopt;
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

std::optional<std::string> terms_difference(const Terms& there, const Terms& asked) {
  if (there.lifetime != asked.lifetime) {
    const auto text = [](Lifetime value) {
      return value == Lifetime::session ? "session" : "persistent";
    };
    return differ("lifetime", text(there.lifetime), text(asked.lifetime));
  }
  if (there.pages != asked.pages) {
    const auto text = [](Pages value) { return value == Pages::huge ? "huge" : "small"; };
    return differ("pages", text(there.pages), text(asked.pages));
  }
  if (there.mode != asked.mode) {
    return differ("mode", octal(there.mode), octal(asked.mode));
  }
  if (there.gid != asked.gid) {
    return differ(
        "gid", std::to_string(there.gid.value_or(0)), std::to_string(asked.gid.value_or(0)));
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
  if (auto schema = schema_difference(there, asked)) {
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
