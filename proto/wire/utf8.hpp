// SPDX-License-Identifier: Apache-2.0
/// Where text is UTF-8: JSON can say nothing else, so that other bytes would arrive as others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenure::wire {

/// Length of the well-formed UTF-8 sequence that begins at byte `at` (Unicode table 3-7); 0 where
/// there is none.
[[nodiscard]] constexpr std::size_t utf8_sequence_bytes(std::string_view text,
                                                        std::size_t at) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(at);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < length) {
    return 0;
  }
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(at + 1) < low || byte(at + 1) > high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

/// The first byte of `text` that belongs to no UTF-8 sequence; npos where all do.
[[nodiscard]] constexpr std::size_t find_non_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_bytes(text, at);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace tenure::wire
