// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/log_text.hpp"

namespace tenure::io {
namespace {

constexpr unsigned char kFirstPrintable = 0x20;
constexpr unsigned char kDeleted = 0x7f;
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < kFirstPrintable || byte == kDeleted) {
      result += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
      continue;
    }
    if (letter == '"' || letter == '\\') {
      result += '\\';
    }
    result += letter;
  }
  return result + "\"";
}

}  // namespace tenure::io
