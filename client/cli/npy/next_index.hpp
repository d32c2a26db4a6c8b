// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenure::cli {

/// Steps `index` to the one that follows it in C order over `extents`; the last one is followed by
/// the first. Both have the same length.
inline void next_index(std::span<std::int64_t> index,
                       std::span<const std::int64_t> extents) noexcept {
  for (std::size_t i = extents.size(); i-- > 0;) {
    ++index[i];
    if (index[i] < extents[i]) {
      return;
    }
    index[i] = 0;
  }
}

}  // namespace tenure::cli
