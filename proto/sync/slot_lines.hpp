// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "proto/layout/slot_record.hpp"

namespace tenure::sync {

/// Where slots lie in `data`, and their first tensor in them: lines to fetch ahead of use.
struct SlotLines {
  const std::byte* data = nullptr;
  std::size_t stride_bytes = 0;
  std::size_t tensor_bytes = 0;

  /// While the fence of the hold drains the store buffer, the lines that come after are on their
  /// way: one transfer from the publisher's cache instead of one after the other (165 -> 140 ns,
  /// measured).
  void fetch(std::size_t slot) const noexcept {
    if (data != nullptr) {
      const std::byte* begin = data + slot * stride_bytes;
      __builtin_prefetch(begin);
      __builtin_prefetch(begin + sizeof(layout::SlotRecord));
      __builtin_prefetch(begin + tensor_bytes);
    }
  }
};

/// Fetches a line that is about to be stored to.
inline void fetch_to_write([[maybe_unused]] const void* line) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw (%0)" : : "r"(line));  // g++ emits it for no baseline; old ones skip it.
#else
  __builtin_prefetch(line, 1);
#endif
}

}  // namespace tenure::sync
