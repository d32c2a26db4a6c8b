// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <tenure/tensor.hpp>

#include "proto/wire/enum_names.hpp"

namespace tenure::wire {

/// Writes an object member by member, in the order of the calls: the counterpart of JsonReader.
///
/// Both are handed to describe(writer, message), which names a struct's members once for both
/// directions. Never fails: text that is not UTF-8 gets replacement characters. Threads: one.
class JsonWriter {
 public:
  using Json = nlohmann::ordered_json;

  template <class T>
  void required(const char* name, const T& value) {
    object_[name] = json_of(value);
  }
  template <class T>
  void defaulted(const char* name, const T& value) {
    required(name, value);
  }
  template <class T>
  void optional(const char* name, const std::optional<T>& value) {
    if (value) {
      required(name, *value);
    }
  }
  /// Left out where it is empty or 0.
  template <class T>
  void terse(const char* name, const T& value) {
    if (value != T{}) {
      required(name, value);
    }
  }
  void constant(const char* name, std::string_view value) { object_[name] = value; }
  /// `list` under `name`, or instead of it `elsewhere` (a flag or a number) under that name.
  template <class T, class U>
  void either(const char* name,
              const std::vector<T>& list,
              const char* elsewhere_name,
              const U& elsewhere) {
    if (elsewhere) {
      required(elsewhere_name, elsewhere);
    } else {
      required(name, list);
    }
  }
  /// `body` as an object of its own, which says under `tag_name` what it is.
  template <class T>
  void tagged(const char* name, std::string_view tag, const T& body) {
    JsonWriter writer;
    writer.constant("what", tag);
    describe(writer, body);
    object_[name] = std::move(writer.object_);
  }

  [[nodiscard]] std::string text() const { return text_of(object_); }
  [[nodiscard]] static std::string text_of(const Json& json);

  template <class T>
  [[nodiscard]] static Json json_of(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return enumerator_name(value);
    } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::unsigned_integral<T>) {
      return unsigned_json(value);
    } else if constexpr (std::signed_integral<T>) {
      return signed_json(value);
    } else {
      JsonWriter writer;
      describe(writer, value);
      return std::move(writer.object_);
    }
  }
  [[nodiscard]] static Json json_of(DType dtype) { return to_string(dtype); }
  [[nodiscard]] static Json json_of(const Shape& shape);
  [[nodiscard]] static Json json_of(std::chrono::nanoseconds timeout);
  [[nodiscard]] static Json json_of(std::chrono::milliseconds duration) {
    return signed_json(duration.count());
  }
  template <class T>
  [[nodiscard]] static Json json_of(const std::optional<T>& value) {
    return value ? json_of(*value) : Json();
  }
  template <class T>
  [[nodiscard]] static Json json_of(const std::vector<T>& items) {
    Json array = Json::array();
    for (const T& item : items) {
      array.push_back(json_of(item));
    }
    return array;
  }

 private:
  [[nodiscard]] static Json unsigned_json(std::uint64_t value);
  [[nodiscard]] static Json signed_json(std::int64_t value);

  Json object_ = Json::object();
};

}  // namespace tenure::wire
