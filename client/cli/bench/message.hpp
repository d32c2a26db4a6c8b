// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <tenure/bundle.hpp>

namespace tenure::cli::bench {

inline constexpr std::size_t kMessageBytes = 64;

/// Whether all eight words of the message "bytes" are the same, so that reading them cannot be left
/// out. Errors: those of Bundle::tensor
[[nodiscard]] inline Result<bool> is_whole_message(const Bundle& bundle) {
  auto bytes = bundle.span<std::uint8_t>("bytes");
  if (!bytes) {
    return std::move(bytes).error();
  }
  std::array<std::uint64_t, kMessageBytes / sizeof(std::uint64_t)> words{};
  if (bytes->size() != sizeof(words)) {
    return false;
  }
  std::memcpy(words.data(), bytes->data(), sizeof(words));
  std::uint64_t differing = 0;
  for (const std::uint64_t word : words) {
    differing |= word ^ words[0];
  }
  return differing == 0;
}

}  // namespace tenure::cli::bench
