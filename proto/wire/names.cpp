// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/names.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "proto/wire/limits.hpp"

namespace tenure::wire {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr bool is_allowed(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

Error bad_name(std::string what) {
  return {.code = Errc::bad_request,
          .detail = "name: " + std::move(what),
          .hint = "parts of A-Z a-z 0-9 . _ - joined by /, 1 to 200 bytes in all"};
}

std::string in_hex(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return {'0', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
}

}  // namespace

std::optional<Error> check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return bad_name(std::to_string(name.size()) + " bytes");
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '/') {
      if (!is_allowed(name[i])) {
        return bad_name("byte " + std::to_string(i) + " is " + in_hex(name[i]));
      }
      continue;
    }
    const std::string_view part = name.substr(begin, i - begin);
    if (part.empty() || part == "." || part == "..") {
      return bad_name("the part \"" + std::string(part) + "\" at byte " + std::to_string(begin));
    }
    begin = i + 1;
  }
  return std::nullopt;
}

// Only the last star is ever extended: earlier ones matched as little as possible, and giving them
// more cannot help what follows. So the cost is bounded by the product of both lengths.
bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // Where to go on in `pattern` after a mismatch,
  std::size_t retry = 0;                      // and in `name`.
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star;
      n = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace tenure::wire
