// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/tensor.hpp>

#include "proto/wire/enum_names.hpp"
#include "proto/wire/json_text.hpp"

namespace tenure::wire {

/// Reads an object member by member and trusts none of them: the counterpart of JsonWriter.
///
/// The first refusal is kept in `failure`, which names the member by its path ("grants[1].fd"); the
/// calls after it read nothing. Members that nobody asks for are ignored. Threads: one.
class JsonReader {
 public:
  using Json = JsonValue;
  using Failure = std::optional<Error>;

  /// Refuses `json` if it is not an object. `path` is "" for the packet itself.
  JsonReader(const Json& json, std::string path, Failure& failure);

  /// Must be there.
  template <class T>
  void required(const char* name, T& value) {
    if (const auto member = find(name)) {
      read(*member, path_of(name), value);
    } else {
      refuse(Errc::bad_request, path_of(name), "is missing");
    }
  }
  /// Keeps the value that it has if it is not there.
  template <class T>
  void defaulted(const char* name, T& value) {
    if (const auto member = find(name)) {
      read(*member, path_of(name), value);
    }
  }
  template <class T>
  void optional(const char* name, std::optional<T>& value) {
    if (const auto member = find(name)) {
      read(*member, path_of(name), value.emplace());
    }
  }
  template <class T>
  void terse(const char* name, T& value) {
    defaulted(name, value);
  }
  /// Must be there and be `value`; anything else is `unsupported`.
  void constant(const char* name, std::string_view value);
  /// `list` under `name`, or instead of it `elsewhere` under that name.
  template <class T, class U>
  void either(const char* name, std::vector<T>& list, const char* elsewhere_name, U& elsewhere) {
    if constexpr (std::is_same_v<U, bool>) {
      defaulted(elsewhere_name, elsewhere);
    } else {
      optional(elsewhere_name, elsewhere);
    }
    if (!elsewhere) {
      required(name, list);
    } else if (has(name)) {
      refuse(Errc::bad_request, path_of(name), std::string("stands beside ") + elsewhere_name);
    }
  }

  [[nodiscard]] bool has(const char* name) const { return find(name).has_value(); }
  /// The object under `name`, which is there.
  [[nodiscard]] JsonReader nested(const char* name) const {
    return {*find(name), path_of(name), failure_};
  }
  void refuse(Errc code, const std::string& path, std::string_view why);

  template <class T>
  void read(const Json& json, const std::string& path, T& value) {
    if constexpr (std::is_enum_v<T>) {
      if (const auto index = read_name(json, path, EnumNames<T>::kAll)) {
        value = static_cast<T>(*index);
      }
    } else if constexpr (std::unsigned_integral<T> && !std::is_same_v<T, bool>) {
      value = static_cast<T>(read_unsigned(json, path, std::numeric_limits<T>::max()));
    } else if constexpr (std::signed_integral<T>) {
      value = static_cast<T>(read_signed(
          json,
          path,
          {.least = std::numeric_limits<T>::min(), .most = std::numeric_limits<T>::max()}));
    } else {
      JsonReader reader(json, path, failure_);
      describe(reader, value);
    }
  }
  void read(const Json& json, const std::string& path, bool& value);
  void read(const Json& json, const std::string& path, std::string& value);
  void read(const Json& json, const std::string& path, DType& value);
  void read(const Json& json, const std::string& path, Shape& value);
  void read(const Json& json, const std::string& path, std::chrono::nanoseconds& value);
  void read(const Json& json, const std::string& path, std::chrono::milliseconds& value);
  template <class T>
  void read(const Json& json, const std::string& path, std::vector<T>& items) {
    if (!check_array(json, path)) {
      return;
    }
    items.clear();
    items.reserve(json.size());
    for (const Json item : json) {
      if (failure_) {
        return;
      }
      const std::string index = std::to_string(items.size());
      read(item, path + "[" + index + "]", items.emplace_back());
    }
  }

 private:
  struct Range {
    std::int64_t least;
    std::int64_t most;
  };

  [[nodiscard]] std::optional<Json> find(const char* name) const;
  [[nodiscard]] std::string path_of(const char* name) const;
  [[nodiscard]] bool check_array(const Json& json, const std::string& path);
  [[nodiscard]] std::uint64_t read_unsigned(const Json& json,
                                            const std::string& path,
                                            std::uint64_t most);
  [[nodiscard]] std::int64_t read_signed(const Json& json, const std::string& path, Range range);
  [[nodiscard]] std::optional<std::size_t> read_name(const Json& json,
                                                     const std::string& path,
                                                     std::span<const std::string_view> names);

  Json object_;
  std::string path_;
  Failure& failure_;
};

}  // namespace tenure::wire
