// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include <nlohmann/json.hpp>

namespace tenure::wire {
namespace {

// What every JSON reader keeps exactly: an integer of a double's 53 bits.
constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53U) - 1;

// Whether it stands in a string as it is, whatever comes before and after.
bool is_plain(char c) noexcept {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

template <class T>
void append_number(std::string& text, T value, bool is_exact) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text += is_exact ? "" : "\"";
  text.append(digits.data(), end);
  text += is_exact ? "" : "\"";
}

}  // namespace

void JsonWriter::begin(std::string_view name) {
  text_ += is_empty_ ? "\"" : ",\"";
  text_ += name;
  text_ += "\":";
  is_empty_ = false;
}

void JsonWriter::append_text(std::string& text, std::string_view value) {
  if (std::ranges::all_of(value, is_plain)) {
    text += '"';
    text += value;
    text += '"';
  } else {
    using Json = nlohmann::json;
    text += Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

void JsonWriter::append_unsigned(std::string& text, std::uint64_t value) {
  append_number(text, value, value <= static_cast<std::uint64_t>(kLargestNumber));
}

void JsonWriter::append_signed(std::string& text, std::int64_t value) {
  append_number(text, value, value <= kLargestNumber && value >= -kLargestNumber);
}

void JsonWriter::append(std::string& text, std::chrono::nanoseconds timeout) {
  if (timeout == std::chrono::nanoseconds::max()) {
    append_text(text, "forever");
  } else {  // Less than 0: does not wait.
    append_signed(text, std::max<std::int64_t>(timeout.count(), 0));
  }
}

void JsonWriter::append(std::string& text, const Shape& shape) {
  std::vector<std::int64_t> extents(shape.extents().begin(), shape.extents().end());
  // A rank beyond the limit must not look like a usable one to the reader.
  if (shape.rank() > kMaxRank) {
    extents.push_back(0);
  }
  append(text, extents);
}

}  // namespace tenure::wire
