// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "proto/wire/utf8.hpp"

namespace tenure::wire {
namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t kUsualValues = 32;  // Of a packet.

Error malformed(std::string_view text, std::string_view why) {
  return {.code = Errc::bad_request, .detail = std::string(text) + ": " + std::string(why)};
}

std::string not_json_from(std::size_t position) {
  return "not JSON in UTF-8, from byte " + std::to_string(position) + " on";
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  constexpr std::uint32_t kLast1 = 0x7f;
  constexpr std::uint32_t kLast2 = 0x7ff;
  constexpr std::uint32_t kLast3 = 0xffff;
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto add_rest = [&](std::uint32_t shift) { add(0x80U | ((code_point >> shift) & 0x3fU)); };
  if (code_point <= kLast1) {
    add(code_point);
  } else if (code_point <= kLast2) {
    add(0xc0U | (code_point >> 6U));
    add_rest(0);
  } else if (code_point <= kLast3) {
    add(0xe0U | (code_point >> 12U));
    add_rest(6);
    add_rest(0);
  } else {
    add(0xf0U | (code_point >> 18U));
    add_rest(12);
    add_rest(6);
    add_rest(0);
  }
}

}  // namespace

// Every step goes on at `at_`, where it stops at what it does not take.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonLimits limits) : text_(text), limits_(limits) {
    tree_.nodes_.reserve(kUsualValues);
  }

  Result<JsonTree> parse() {
    skip_spaces();
    const bool is_whole = value({}, 0) && at_ == text_.size();
    return is_whole ? Result<JsonTree>(std::move(tree_))
                    : refusal_.value_or(malformed(limits_.what, not_json_from(at_ + 1)));
  }

 private:
  [[nodiscard]] bool is_at(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }

  bool take(char c) noexcept {
    const bool is_there = is_at(c);
    at_ += is_there ? 1 : 0;
    return is_there;
  }

  void skip_spaces() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }

  bool refuse(const std::string& why) {
    refusal_ = malformed(limits_.what, why);
    return false;
  }

  // A value and the spaces behind it.
  bool value(std::string_view name, std::size_t depth) {
    const bool is_container = is_at('{') || is_at('[');
    if (is_container && depth == kMaxNesting) {
      return refuse("nested deeper than " + std::to_string(kMaxNesting));
    }
    if (tree_.nodes_.size() == limits_.values) {
      return refuse("more than " + std::to_string(limits_.values) + " values");
    }
    const std::size_t index = tree_.nodes_.size();
    tree_.nodes_.push_back({.name = name, .kind = Kind::null});
    const bool is_good = is_container ? contents(index, depth + 1) : scalar(tree_.nodes_[index]);
    tree_.nodes_[index].end = static_cast<std::uint32_t>(tree_.nodes_.size());
    skip_spaces();
    return is_good;
  }

  bool contents(std::size_t index, std::size_t depth) {
    const bool is_object = text_[at_++] == '{';
    const char close = is_object ? '}' : ']';
    tree_.nodes_[index].kind = is_object ? Kind::object : Kind::array;
    skip_spaces();
    if (take(close)) {
      return true;
    }
    do {
      skip_spaces();
      std::string_view name;
      if ((is_object && !member_name(name)) || !value(name, depth)) {
        return false;
      }
      ++tree_.nodes_[index].size;
    } while (take(','));
    return take(close);
  }

  bool member_name(std::string_view& name) {
    if (!string(name)) {
      return false;
    }
    skip_spaces();
    const bool has_colon = take(':');
    skip_spaces();
    return has_colon;
  }

  bool scalar(JsonTree::Node& node) {
    if (is_at('"')) {
      node.kind = Kind::string;
      return string(node.text);
    }
    if (is_at('-') || (at_ < text_.size() && is_digit(text_[at_]))) {
      node.kind = Kind::number;
      return number(node.text);
    }
    node.kind = is_at('n') ? Kind::null : Kind::boolean;
    return word(node.text, "null") || word(node.text, "true") || word(node.text, "false");
  }

  bool word(std::string_view& text, std::string_view expected) noexcept {
    if (!text_.substr(at_).starts_with(expected)) {
      return false;
    }
    text = text_.substr(at_, expected.size());
    at_ += expected.size();
    return true;
  }

  bool digits() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      ++at_;
    }
    return at_ != begin;
  }

  bool number(std::string_view& text) {
    const std::size_t begin = at_;
    take('-');
    if (!take('0') && !digits()) {
      return false;
    }
    bool is_integer = true;
    if (take('.')) {
      is_integer = false;
      if (!digits()) {
        return false;
      }
    }
    if (take('e') || take('E')) {
      is_integer = false;
      static_cast<void>(take('+') || take('-'));
      if (!digits()) {
        return false;
      }
    }
    text = text_.substr(begin, at_ - begin);
    // No reader of JSON takes it, so that nobody may send it.
    return is_integer || std::isfinite(std::strtod(std::string(text).c_str(), nullptr));
  }

  // Plain characters stay where they are; from the first escape on they are copied.
  bool string(std::string_view& text) {
    if (!take('"')) {
      return false;
    }
    const std::size_t begin = at_;
    std::string* copy = nullptr;
    while (at_ < text_.size() && !is_at('"')) {
      if (is_at('\\')) {
        if (copy == nullptr) {
          copy = &tree_.unescaped_.emplace_back(text_.substr(begin, at_ - begin));
        }
        if (!escape(*copy)) {
          return false;
        }
        continue;
      }
      const std::size_t length = character_bytes();
      if (length == 0) {
        return false;
      }
      if (copy != nullptr) {
        copy->append(text_, at_, length);
      }
      at_ += length;
    }
    text = copy != nullptr ? std::string_view(*copy) : text_.substr(begin, at_ - begin);
    return take('"');
  }

  // 0 where no character of a string is.
  [[nodiscard]] std::size_t character_bytes() const noexcept {
    constexpr unsigned char kFirst = 0x20;
    return static_cast<unsigned char>(text_[at_]) < kFirst ? 0 : utf8_sequence_bytes(text_, at_);
  }

  bool escape(std::string& copy) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (take('u')) {
      return code_point(copy);
    }
    const std::size_t which =
        at_ < text_.size() ? kEscapes.find(text_[at_]) : std::string_view::npos;
    if (which == std::string_view::npos) {
      return false;
    }
    ++at_;
    copy += kMeanings[which];
    return true;
  }

  // What follows a `\u`, and for characters beyond 16 bits another one of these.
  bool code_point(std::string& copy) {
    constexpr std::uint32_t kHigh = 0xd800;
    constexpr std::uint32_t kLow = 0xdc00;
    constexpr std::uint32_t kBehind = 0xe000;
    constexpr std::uint32_t kBase = 0x10000;
    auto first = four_digits();
    if (!first || (*first >= kLow && *first < kBehind)) {
      return false;
    }
    if (*first >= kHigh && *first < kLow) {
      const auto second = take('\\') && take('u') ? four_digits() : std::nullopt;
      if (!second || *second < kLow || *second >= kBehind) {
        return false;
      }
      first = kBase + ((*first - kHigh) << 10U) + (*second - kLow);
    }
    append_utf8(copy, *first);
    return true;
  }

  std::optional<std::uint32_t> four_digits() noexcept {
    constexpr std::size_t kDigits = 4;
    constexpr int kBase = 16;
    const std::string_view digits = text_.substr(at_, kDigits);
    std::uint32_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, kBase);
    if (digits.size() < kDigits || error != std::errc{} || stop != end) {
      return std::nullopt;
    }
    at_ += kDigits;
    return value;
  }

  const std::string_view text_;
  const JsonLimits limits_;
  std::size_t at_ = 0;
  JsonTree tree_;
  std::optional<Error> refusal_;  // Where a limit is the reason.
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
  // The parser refuses it as well; this answer, whose bytes count from 0, is what clients know.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return malformed(limits.what, not_json_from(zero));
  }
  return JsonParser(text, limits).parse();
}

}  // namespace tenure::wire
