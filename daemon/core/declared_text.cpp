// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/declared_text.hpp"

#include "proto/wire/enum_names.hpp"

namespace tenure::core {
namespace {

constexpr std::uint32_t kAllModeBits = 0777;

std::uint64_t digits_of(std::int64_t extent) noexcept {
  std::uint64_t digits = 1;
  for (; extent > 9; extent /= 10) {
    ++digits;
  }
  return digits;
}

std::string octal(std::uint32_t mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3U) {
    text[i] = static_cast<char>('0' + (mode & 7U));
  }
  return text;
}

std::string shape_text(const TensorSpec& spec) {
  std::string text = spec.name + " " + to_string(spec.dtype) + "[";
  for (const std::int64_t extent : spec.shape.extents()) {
    text += (text.back() == '[' ? "" : ",") + std::to_string(extent);
  }
  return text + "]";
}

}  // namespace

Error bad_field(const char* field, const std::string& value, const std::string& allowed) {
  return {.code = Errc::bad_request, .detail = std::string(field) + ": " + value + "; " + allowed};
}

std::optional<Error> check_mode(const Terms& terms) {
  if (terms.mode > kAllModeBits) {
    return bad_field("mode", std::to_string(terms.mode), "at most 0777 is allowed");
  }
  return std::nullopt;
}

std::uint64_t schema_text_bytes(const std::vector<TensorSpec>& schema) noexcept {
  constexpr std::uint64_t around_tensor = 48;  // {"name":"","dtype":"255:255:65535","shape":[]},
  constexpr std::uint64_t around_extent = 3;   // A comma, and quotes from 2^53 on.
  constexpr std::uint64_t escaped = 6;         // \u0001
  constexpr unsigned char first_printable = 0x20;
  std::uint64_t bytes = 2;
  for (const TensorSpec& spec : schema) {
    bytes += around_tensor;
    for (const std::int64_t extent : spec.shape.extents()) {
      bytes += around_extent + digits_of(extent);
    }
    for (const char letter : spec.name) {
      const bool is_quoted = letter == '"' || letter == '\\';
      bytes += static_cast<unsigned char>(letter) < first_printable ? escaped : is_quoted ? 2 : 1;
    }
  }
  return bytes;
}

std::string to_text(Kind kind) {
  return std::string(wire::enumerator_name(kind));
}

std::string differ(const std::string& field, const std::string& there, const std::string& asked) {
  return field + ": " + there + " there, " + asked + " asked for";
}

std::optional<std::string> schema_difference(const std::vector<TensorSpec>& there,
                                             const std::vector<TensorSpec>& asked) {
  if (there.size() != asked.size()) {
    return differ(
        "schema", std::to_string(there.size()) + " tensors", std::to_string(asked.size()));
  }
  for (std::size_t i = 0; i < there.size(); ++i) {
    if (there[i] != asked[i]) {
      const std::string field = "schema[" + std::to_string(i) + "]";
      return differ(field, shape_text(there[i]), shape_text(asked[i]));
    }
  }
  return std::nullopt;
}

std::optional<std::string> terms_difference(const Terms& there, const Terms& asked) {
  if (there.lifetime != asked.lifetime) {
    const auto text = [](Lifetime value) {
      return value == Lifetime::session ? "session" : "persistent";
    };
    return differ("lifetime", text(there.lifetime), text(asked.lifetime));
  }
  if (there.pages != asked.pages) {
    const auto text = [](Pages value) { return value == Pages::huge ? "huge" : "small"; };
    return differ("pages", text(there.pages), text(asked.pages));
  }
  if (there.mode != asked.mode) {
    return differ("mode", octal(there.mode), octal(asked.mode));
  }
  if (there.gid != asked.gid) {
    return differ(
        "gid", std::to_string(there.gid.value_or(0)), std::to_string(asked.gid.value_or(0)));
  }
  return std::nullopt;
}

}  // namespace tenure::core
