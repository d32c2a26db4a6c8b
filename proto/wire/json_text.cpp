// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_text.hpp"

#include <utility>

// In this source only: Boost.JSON without a library to link. See CMakeLists.txt for its symbols.
#include <boost/json/src.hpp>
#include <boost/json/basic_parser_impl.hpp>

namespace tenure::wire {
namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t kUsualValues = 32;  // Of a packet.

Error malformed(std::string_view text, std::string_view why) {
  return {.code = Errc::bad_request, .detail = std::string(text) + ": " + std::string(why)};
}

// Bytes count from 1.
std::string not_json_from(std::size_t position) {
  return "not JSON in UTF-8, from byte " + std::to_string(position) + " on";
}

}  // namespace

// Builds the tree from the parser's events, and refuses the event that goes beyond a limit: the
// tree never grows larger than what the limits allow.
class JsonTreeBuilder {
 public:
  using Text = boost::json::string_view;
  using Code = boost::json::error_code;

  explicit JsonTreeBuilder(JsonLimits limits) : limits_(limits) {
    tree_.nodes_.reserve(kUsualValues);
  }

  [[nodiscard]] JsonTree take() && { return std::move(tree_); }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

  // As the parser calls them: false and a code end it. A string or number may come in parts.
  // NOLINTBEGIN(readability-identifier-naming): the parser's names.
  static constexpr std::size_t max_array_size = kMaxSchemaBytes;
  static constexpr std::size_t max_object_size = kMaxSchemaBytes;
  static constexpr std::size_t max_string_size = kMaxSchemaBytes;
  static constexpr std::size_t max_key_size = kMaxSchemaBytes;
  // NOLINTEND(readability-identifier-naming)
  bool on_document_begin(Code& /*code*/) { return true; }
  bool on_document_end(Code& /*code*/) { return true; }
  bool on_object_begin(Code& code) { return open(Kind::object, code); }
  bool on_object_end(std::size_t /*size*/, Code& /*code*/) { return close(); }
  bool on_array_begin(Code& code) { return open(Kind::array, code); }
  bool on_array_end(std::size_t /*size*/, Code& /*code*/) { return close(); }
  bool on_key_part(Text part, std::size_t /*size*/, Code& /*code*/) { return append(name_, part); }
  bool on_key(Text part, std::size_t /*size*/, Code& /*code*/) { return append(name_, part); }
  bool on_string_part(Text part, std::size_t /*size*/, Code& /*code*/) {
    return append(text_, part);
  }
  bool on_string(Text part, std::size_t /*size*/, Code& code) {
    append(text_, part);
    return add(Kind::string, code);
  }
  bool on_number_part(Text part, Code& /*code*/) { return append(text_, part); }
  bool on_int64(std::int64_t /*value*/, Text part, Code& code) { return number(part, code); }
  bool on_uint64(std::uint64_t /*value*/, Text part, Code& code) { return number(part, code); }
  bool on_double(double /*value*/, Text part, Code& code) { return number(part, code); }
  bool on_bool(bool value, Code& code) {
    text_ = value ? "true" : "false";
    return add(Kind::boolean, code);
  }
  bool on_null(Code& code) { return add(Kind::null, code); }
  bool on_comment_part(Text /*part*/, Code& /*code*/) { return true; }  // None are allowed.
  bool on_comment(Text /*part*/, Code& /*code*/) { return true; }

 private:
  static bool append(std::string& text, Text part) {
    text.append(part.data(), part.size());
    return true;
  }

  bool number(Text part, Code& code) {
    append(text_, part);
    return add(Kind::number, code);
  }

  bool refuse(std::string_view why, Code& code) {
    error_ = malformed(limits_.what, why);
    code = boost::json::error::too_deep;  // Any: `error_` is what is told.
    return false;
  }

  // What name_ and text_ have been filled with.
  bool add(Kind kind, Code& code) {
    if (tree_.nodes_.size() == limits_.values) {
      return refuse("more than " + std::to_string(limits_.values) + " values", code);
    }
    if (!open_.empty()) {
      ++tree_.nodes_[open_.back()].size;
    }
    const std::size_t next = tree_.nodes_.size() + 1;
    tree_.nodes_.push_back({.name = std::exchange(name_, {}),
                            .text = std::exchange(text_, {}),
                            .kind = kind,
                            .end = static_cast<std::uint32_t>(next)});
    return true;
  }

  bool open(Kind kind, Code& code) {
    if (open_.size() == kMaxNesting) {
      return refuse("nested deeper than " + std::to_string(kMaxNesting), code);
    }
    const std::size_t index = tree_.nodes_.size();
    const bool is_added = add(kind, code);
    open_.push_back(index);
    return is_added;
  }

  bool close() {
    tree_.nodes_[open_.back()].end = static_cast<std::uint32_t>(tree_.nodes_.size());
    open_.pop_back();
    return true;
  }

  const JsonLimits limits_;
  JsonTree tree_;
  std::vector<std::size_t> open_;  // Containers that are not at their end.
  std::string name_;               // Of the next value, if it is a member.
  std::string text_;
  std::optional<Error> error_;
};

JsonValue::Kind JsonValue::kind() const noexcept {
  return tree_->nodes_[index_].kind;
}

std::string_view JsonValue::text() const noexcept {
  return tree_->nodes_[index_].text;
}

std::size_t JsonValue::size() const noexcept {
  return tree_->nodes_[index_].size;
}

JsonValue::Iterator JsonValue::begin() const noexcept {
  return {*tree_, index_ + 1};
}

JsonValue::Iterator JsonValue::end() const noexcept {
  return {*tree_, tree_->nodes_[index_].end};
}

JsonValue::Iterator& JsonValue::Iterator::operator++() noexcept {
  index_ = tree_->nodes_[index_].end;
  return *this;
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const noexcept {
  std::optional<JsonValue> found;
  for (const JsonValue member : *this) {
    if (tree_->nodes_[member.index_].name == name) {
      found = member;
    }
  }
  return found;
}

Result<JsonTree> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    return malformed(
        limits.what,
        std::to_string(text.size()) + " bytes; at most " + std::to_string(limits.bytes));
  }
  boost::json::parse_options strict;
  strict.max_depth = kMaxNesting + 1;  // What is deeper is the builder's to refuse.
  boost::json::basic_parser<JsonTreeBuilder> parser(strict, limits);
  boost::json::error_code code;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
  if (code || used != text.size()) {
    return parser.handler().error().value_or(malformed(limits.what, not_json_from(used + 1)));
  }
  return std::move(parser.handler()).take();
}

}  // namespace tenure::wire
