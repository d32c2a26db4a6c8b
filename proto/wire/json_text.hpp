// SPDX-License-Identifier: Apache-2.0
/// JSON text into a tree, bounded while it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/result.hpp>

#include "proto/wire/limits.hpp"

namespace tenure::wire {

class JsonTree;

/// One value of a tree, which outlives it. Threads: a value.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, object, array };
  class Iterator;

  JsonValue(const JsonTree& tree, std::uint32_t index) noexcept : tree_(&tree), index_(index) {}

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is(Kind kind) const noexcept { return this->kind() == kind; }
  /// A string's characters; a number, an integer without anything but its digits and sign; "true",
  /// "false"; else nothing.
  [[nodiscard]] std::string_view text() const noexcept;
  /// An array's items or an object's members.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept;
  /// An object's member: of several with one name the last.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const noexcept;

 private:
  const JsonTree* tree_;
  std::uint32_t index_;
};

class JsonValue::Iterator {
 public:
  Iterator(const JsonTree& tree, std::uint32_t index) noexcept : tree_(&tree), index_(index) {}
  [[nodiscard]] JsonValue operator*() const noexcept { return {*tree_, index_}; }
  Iterator& operator++() noexcept;
  [[nodiscard]] bool operator==(const Iterator& other) const noexcept {
    return index_ == other.index_;
  }

 private:
  const JsonTree* tree_;
  std::uint32_t index_;
};

/// Values in the order of the text, each before what it contains: one vector holds a packet, where
/// a tree of maps takes an allocation for each value. Threads: a value.
class JsonTree {
 public:
  [[nodiscard]] JsonValue root() const noexcept { return {*this, 0}; }

 private:
  friend class JsonValue;
  friend class JsonTreeBuilder;
  struct Node {
    std::string name = {};  // Of a member.
    std::string text = {};
    JsonValue::Kind kind = JsonValue::Kind::null;
    std::uint32_t size = 0;
    std::uint32_t end = 0;  // The first that is not within it.
  };

  std::vector<Node> nodes_;
};

/// What a text may cost us.
struct JsonLimits {
  std::string_view what;  ///< How errors call the text.
  std::size_t bytes;
  std::size_t values;  ///< Objects, arrays and scalars together.
};
inline constexpr JsonLimits kPacketLimits{
    .what = "packet", .bytes = kMaxPacketBytes, .values = kMaxPacketBytes};
/// An entry has at most 12 values that mean something; the rest is for fields of later versions.
inline constexpr JsonLimits kSchemaLimits{
    .what = "schema", .bytes = kMaxSchemaBytes, .values = kMaxSchemaTensors * 24};

inline constexpr JsonLimits kLayoutLimits{
    .what = "layout", .bytes = kMaxLayoutBytes, .values = kMaxLayoutBytes};

/// Nesting is at most kMaxNesting.
///
/// Errors: bad_request  not JSON in UTF-8, or beyond a limit
[[nodiscard]] Result<JsonTree> parse_json(std::string_view text, JsonLimits limits);

}  // namespace tenure::wire
