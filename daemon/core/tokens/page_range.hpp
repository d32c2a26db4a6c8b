// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace tenure::core {

/// The half-open range [begin, end) of a buffer's pages, numbered from 0.
struct PageRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend auto operator<=>(const PageRange&, const PageRange&) = default;

  [[nodiscard]] bool is_empty() const noexcept { return begin >= end; }
  [[nodiscard]] bool overlaps(const PageRange& other) const noexcept {
    return begin < other.end && other.begin < end;
  }
  [[nodiscard]] bool contains(const PageRange& other) const noexcept {
    return begin <= other.begin && other.end <= end;
  }
};

/// What both have; empty if they do not overlap.
[[nodiscard]] inline PageRange intersection(const PageRange& a, const PageRange& b) noexcept {
  return {.begin = std::max(a.begin, b.begin), .end = std::min(a.end, b.end)};
}

}  // namespace tenure::core
