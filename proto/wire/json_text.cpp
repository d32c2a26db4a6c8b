// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tenure::wire {
namespace {

using Json = nlohmann::json;

Error malformed(std::string_view text, std::string_view why) {
  return {.code = Errc::bad_request, .detail = std::string(text) + ": " + std::string(why)};
}

std::string not_json_from(std::size_t position) {
  return "not JSON in UTF-8, from byte " + std::to_string(position) + " on";
}

// Builds the tree from the parser's events, and refuses the event that goes beyond a limit: the
// tree never grows larger than what the limits allow.
class TreeBuilder final : public Json::json_sax_t {
 public:
  explicit TreeBuilder(JsonLimits limits) noexcept : limits_(limits) {}

  [[nodiscard]] Json take() && { return std::move(root_); }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool value) override { return add(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(value) != nullptr; }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return add(value) != nullptr;
  }
  bool string(string_t& value) override { return add(std::move(value)) != nullptr; }
  bool binary(binary_t& /*value*/) override { return refuse("not JSON"); }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool key(string_t& name) override {
    member_ = &(*open_.back())[std::move(name)];
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position,
                   const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return refuse(not_json_from(position));
  }

 private:
  bool refuse(std::string_view why) {
    error_ = malformed(limits_.what, why);
    return false;
  }

  Json* add(Json value) {
    if (++value_count_ > limits_.values) {
      refuse("more than " + std::to_string(limits_.values) + " values");
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    *member_ = std::move(value);
    return member_;
  }

  bool open(Json container) {
    if (open_.size() == kMaxNesting) {
      return refuse("nested deeper than " + std::to_string(kMaxNesting));
    }
    Json* added = add(std::move(container));
    if (added != nullptr) {
      open_.push_back(added);
    }
    return added != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits limits_;
  std::size_t value_count_ = 0;
  Json root_;
  // Containers under construction. A parent does not grow while its child is open, so the pointers
  // stay good.
  std::vector<Json*> open_;
  Json* member_ = nullptr;  // Where the value after a key goes.
  std::optional<Error> error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    return malformed(
        limits.what,
        std::to_string(text.size()) + " bytes; at most " + std::to_string(limits.bytes));
  }
  // The parser takes a zero byte for the end of its input, whatever follows.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return malformed(limits.what, not_json_from(zero));
  }
  TreeBuilder builder(limits);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return builder.error().value_or(malformed(limits.what, "not JSON"));
  }
  return std::move(builder).take();
}

}  // namespace tenure::wire
