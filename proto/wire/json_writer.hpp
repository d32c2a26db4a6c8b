// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/tensor.hpp>

#include "proto/wire/enum_names.hpp"

namespace tenure::wire {

/// Writes an object member by member, in the order of the calls: the counterpart of JsonReader.
///
/// Both are handed to describe(writer, message), which names a struct's members once for both
/// directions, none of them twice. It writes text at once, without a tree, as every control verb
/// waits for it. Never fails: text that is not UTF-8 gets replacement characters. Threads: one.
class JsonWriter {
 public:
  /// Appends to `text`, which outlives it and has a whole object when this is destroyed.
  explicit JsonWriter(std::string& text) : text_(text) { text_ += '{'; }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;
  ~JsonWriter() { text_ += '}'; }

  template <class T>
  void required(const char* name, const T& value) {
    begin(name);
    append(text_, value);
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
  template <class T>
  void terse(const char* name, const std::vector<T>& items) {
    if (!items.empty()) {
      required(name, items);
    }
  }
  void constant(const char* name, std::string_view value) {
    begin(name);
    append_text(text_, value);
  }
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
  /// `body` as an object of its own, which says under "what" what it is.
  template <class T>
  void tagged(const char* name, std::string_view tag, const T& body) {
    begin(name);
    JsonWriter writer(text_);
    writer.constant("what", tag);
    describe(writer, body);
  }

  /// A value of any kind, and what it is made of, after what `text` has already.
  template <class T>
  static void append(std::string& text, const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      text += value ? "true" : "false";
    } else if constexpr (std::is_enum_v<T>) {
      append_text(text, enumerator_name(value));
    } else if constexpr (std::unsigned_integral<T>) {
      append_unsigned(text, value);
    } else if constexpr (std::signed_integral<T>) {
      append_signed(text, value);
    } else {
      JsonWriter writer(text);
      describe(writer, value);
    }
  }
  static void append(std::string& text, const std::string& value) { append_text(text, value); }
  static void append(std::string& text, DType dtype) { append_text(text, to_string(dtype)); }
  static void append(std::string& text, const Shape& shape);
  static void append(std::string& text, std::chrono::nanoseconds timeout);
  static void append(std::string& text, std::chrono::milliseconds duration) {
    append_signed(text, duration.count());
  }
  template <class T>
  static void append(std::string& text, const std::optional<T>& value) {
    if (value) {
      append(text, *value);
    } else {
      text += "null";
    }
  }
  template <class T>
  static void append(std::string& text, const std::vector<T>& items) {
    append(text, std::span(items));
  }
  template <class T>
  static void append(std::string& text, std::span<const T> items) {
    text += '[';
    for (const T& item : items) {
      text += &item == items.data() ? "" : ",";
      append(text, item);
    }
    text += ']';
  }

 private:
  static void append_text(std::string& text, std::string_view value);
  static void append_unsigned(std::string& text, std::uint64_t value);
  static void append_signed(std::string& text, std::int64_t value);
  void begin(std::string_view name);

  std::string& text_;
  bool is_empty_ = true;
};

}  // namespace tenure::wire
