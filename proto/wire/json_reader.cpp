// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_reader.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tenure::wire {
namespace {

using Json = JsonValue;

// Of any std::chrono duration here: they all count in 64 bits.
constexpr std::int64_t kMostTicks = std::chrono::nanoseconds::max().count();

// Decimal digits, a sign at most, nothing else: of a number, or of a string, as which large
// integers travel.
template <class T>
std::optional<T> integer_in(const Json& json) noexcept {
  if (!json.is(Json::Kind::number) && !json.is(Json::Kind::string)) {
    return std::nullopt;
  }
  const std::string_view text = json.text();
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace

JsonReader::JsonReader(const Json& json, std::string path, Failure& failure)
    : object_(json), path_(std::move(path)), failure_(failure) {
  if (!json.is(Json::Kind::object)) {
    refuse(Errc::bad_request, path_.empty() ? "packet" : path_, "is not an object");
  }
}

std::optional<Json> JsonReader::find(const char* name) const {
  return failure_ || !object_.is(Json::Kind::object) ? std::nullopt : object_.find(name);
}

std::string JsonReader::path_of(const char* name) const {
  return path_.empty() ? name : path_ + "." + name;
}

void JsonReader::refuse(Errc code, const std::string& path, std::string_view why) {
  if (!failure_) {
    failure_ = Error{.code = code, .detail = path + ": " + std::string(why)};
  }
}

void JsonReader::constant(const char* name, std::string_view value) {
  std::string found;
  required(name, found);
  if (!failure_ && found != value) {
    refuse(Errc::unsupported, path_of(name), "only \"" + std::string(value) + "\" is known");
  }
}

bool JsonReader::check_array(const Json& json, const std::string& path) {
  const bool is_array = json.is(Json::Kind::array);
  if (!is_array) {
    refuse(Errc::bad_request, path, "is not an array");
  }
  return is_array;
}

std::uint64_t JsonReader::read_unsigned(const Json& json,
                                        const std::string& path,
                                        std::uint64_t most) {
  const auto value = integer_in<std::uint64_t>(json);
  if (!value || *value > most) {
    refuse(Errc::bad_request, path, "is not an integer from 0 to " + std::to_string(most));
    return 0;
  }
  return *value;
}

std::int64_t JsonReader::read_signed(const Json& json, const std::string& path, Range range) {
  const auto value = integer_in<std::int64_t>(json);
  if (!value || *value < range.least || *value > range.most) {
    refuse(Errc::bad_request,
           path,
           "is not an integer from " + std::to_string(range.least) + " to " +
               std::to_string(range.most));
    return range.least;
  }
  return *value;
}

std::optional<std::size_t> JsonReader::read_name(const Json& json,
                                                 const std::string& path,
                                                 std::span<const std::string_view> names) {
  const auto index = json.is(Json::Kind::string) ? index_of(json.text(), names) : std::nullopt;
  if (!index) {
    std::string why = "is none of";
    for (const std::string_view name : names) {
      why += " " + std::string(name);
    }
    refuse(Errc::bad_request, path, why);
  }
  return index;
}

void JsonReader::read(const Json& json, const std::string& path, bool& value) {
  if (!json.is(Json::Kind::boolean)) {
    return refuse(Errc::bad_request, path, "is not true or false");
  }
  value = json.text() == "true";
}

void JsonReader::read(const Json& json, const std::string& path, std::string& value) {
  if (!json.is(Json::Kind::string)) {
    return refuse(Errc::bad_request, path, "is not a string");
  }
  value = json.text();
}

void JsonReader::read(const Json& json, const std::string& path, DType& value) {
  const auto parsed =
      json.is(Json::Kind::string) ? parse_dtype(json.text()) : Result<DType>(Error{});
  if (!parsed) {
    return refuse(Errc::bad_request, path, "is not the name of a dtype");
  }
  value = *parsed;
}

void JsonReader::read(const Json& json, const std::string& path, Shape& value) {
  if (!check_array(json, path)) {
    return;
  }
  if (json.size() > kMaxRank) {
    return refuse(
        Errc::bad_request, path, "has " + std::to_string(json.size()) + " extents; at most 8");
  }
  std::array<std::int64_t, kMaxRank> extents{};
  std::size_t i = 0;
  for (const Json item : json) {
    extents[i] = read_signed(item,
                             path + "[" + std::to_string(i) + "]",
                             {.least = 0, .most = std::numeric_limits<std::int64_t>::max()});
    ++i;
  }
  value = Shape(std::span<const std::int64_t>(extents).first(json.size()));
}

void JsonReader::read(const Json& json, const std::string& path, std::chrono::nanoseconds& value) {
  if (json.is(Json::Kind::string) && json.text() == "forever") {
    value = std::chrono::nanoseconds::max();
    return;
  }
  value = std::chrono::nanoseconds(read_signed(json, path, {.least = 0, .most = kMostTicks}));
}

void JsonReader::read(const Json& json, const std::string& path, std::chrono::milliseconds& value) {
  value = std::chrono::milliseconds(read_signed(json, path, {.least = 0, .most = kMostTicks}));
}

}  // namespace tenure::wire
