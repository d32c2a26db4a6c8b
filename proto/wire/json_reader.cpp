// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_reader.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tenure::wire {
namespace {

using Json = nlohmann::json;

// Of any std::chrono duration here: they all count in 64 bits.
constexpr std::int64_t kMostTicks = std::chrono::nanoseconds::max().count();

// An integer that travels as a string: decimal digits, a sign at most, nothing else.
template <class T>
std::optional<T> parse_integer(const std::string& text) noexcept {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> unsigned_in(const Json& json) {
  if (json.is_string()) {
    return parse_integer<std::uint64_t>(json.get_ref<const std::string&>());
  }
  return json.is_number_unsigned() ? std::optional(json.get<std::uint64_t>()) : std::nullopt;
}

std::optional<std::int64_t> signed_in(const Json& json) {
  if (json.is_string()) {
    return parse_integer<std::int64_t>(json.get_ref<const std::string&>());
  }
  if (json.is_number_unsigned()) {
    const auto value = json.get<std::uint64_t>();
    return std::in_range<std::int64_t>(value) ? std::optional(static_cast<std::int64_t>(value))
                                              : std::nullopt;
  }
  return json.is_number_integer() ? std::optional(json.get<std::int64_t>()) : std::nullopt;
}

}  // namespace

JsonReader::JsonReader(const Json& json, std::string path, Failure& failure)
    : object_(&json), path_(std::move(path)), failure_(failure) {
  if (!json.is_object()) {
    refuse(Errc::bad_request, path_.empty() ? "packet" : path_, "is not an object");
  }
}

const Json* JsonReader::find(const char* name) const {
  if (failure_ || !object_->is_object()) {
    return nullptr;
  }
  const auto member = object_->find(name);
  return member == object_->end() ? nullptr : &*member;
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
  if (!json.is_array()) {
    refuse(Errc::bad_request, path, "is not an array");
  }
  return json.is_array();
}

std::uint64_t JsonReader::read_unsigned(const Json& json,
                                        const std::string& path,
                                        std::uint64_t most) {
  const auto value = unsigned_in(json);
  if (!value || *value > most) {
    refuse(Errc::bad_request, path, "is not an integer from 0 to " + std::to_string(most));
    return 0;
  }
  return *value;
}

std::int64_t JsonReader::read_signed(const Json& json, const std::string& path, Range range) {
  const auto value = signed_in(json);
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
  const auto index =
      json.is_string() ? index_of(json.get_ref<const std::string&>(), names) : std::nullopt;
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
  if (!json.is_boolean()) {
    return refuse(Errc::bad_request, path, "is not true or false");
  }
  value = json.get<bool>();
}

void JsonReader::read(const Json& json, const std::string& path, std::string& value) {
  if (!json.is_string()) {
    return refuse(Errc::bad_request, path, "is not a string");
  }
  value = json.get_ref<const std::string&>();
}

void JsonReader::read(const Json& json, const std::string& path, DType& value) {
  const auto parsed =
      json.is_string() ? parse_dtype(json.get_ref<const std::string&>()) : Result<DType>(Error{});
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
  for (std::size_t i = 0; i < json.size(); ++i) {
    extents[i] = read_signed(json[i],
                             path + "[" + std::to_string(i) + "]",
                             {.least = 0, .most = std::numeric_limits<std::int64_t>::max()});
  }
  value = Shape(std::span<const std::int64_t>(extents).first(json.size()));
}

void JsonReader::read(const Json& json, const std::string& path, std::chrono::nanoseconds& value) {
  if (json.is_string() && json.get_ref<const std::string&>() == "forever") {
    value = std::chrono::nanoseconds::max();
    return;
  }
  value = std::chrono::nanoseconds(read_signed(json, path, {.least = 0, .most = kMostTicks}));
}

void JsonReader::read(const Json& json, const std::string& path, std::chrono::milliseconds& value) {
  value = std::chrono::milliseconds(read_signed(json, path, {.least = 0, .most = kMostTicks}));
}

}  // namespace tenure::wire
