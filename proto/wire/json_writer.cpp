// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_writer.hpp"

#include <algorithm>
#include <cstddef>

namespace tenure::wire {
namespace {

// What every JSON reader keeps exactly: an integer of a double's 53 bits.
constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53U) - 1;

}  // namespace

std::string JsonWriter::text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

JsonWriter::Json JsonWriter::unsigned_json(std::uint64_t value) {
  return value <= static_cast<std::uint64_t>(kLargestNumber) ? Json(value)
                                                             : Json(std::to_string(value));
}

JsonWriter::Json JsonWriter::signed_json(std::int64_t value) {
  return value <= kLargestNumber && value >= -kLargestNumber ? Json(value)
                                                             : Json(std::to_string(value));
}

JsonWriter::Json JsonWriter::json_of(std::chrono::nanoseconds timeout) {
  if (timeout == std::chrono::nanoseconds::max()) {
    return "forever";
  }
  return signed_json(std::max<std::int64_t>(timeout.count(), 0));  // Less than 0: does not wait.
}

JsonWriter::Json JsonWriter::json_of(const Shape& shape) {
  Json array = Json::array();
  for (const std::int64_t extent : shape.extents()) {
    array.push_back(signed_json(extent));
  }
  // A rank beyond the limit must not look like a usable one to the reader.
  if (shape.rank() > kMaxRank) {
    array.push_back(0);
  }
  return array;
}

}  // namespace tenure::wire
