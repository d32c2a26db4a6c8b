// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/page_set.hpp"

#include <algorithm>
#include <iterator>

namespace tenure::core {

void PageSet::add(PageRange range) {
  if (range.is_empty()) {
    return;
  }
  auto next = ends_.upper_bound(range.begin);
  if (next != ends_.begin() && std::prev(next)->second >= range.begin) {
    --next;
  }
  while (next != ends_.end() && next->first <= range.end) {
    range.begin = std::min(range.begin, next->first);
    range.end = std::max(range.end, next->second);
    next = ends_.erase(next);
  }
  ends_.emplace(range.begin, range.end);
}

void PageSet::remove(const PageRange& range) {
  if (range.is_empty()) {
    return;
  }
  auto next = ends_.upper_bound(range.begin);
  if (next != ends_.begin() && std::prev(next)->second > range.begin) {
    --next;
  }
  while (next != ends_.end() && next->first < range.end) {
    const PageRange old{.begin = next->first, .end = next->second};
    next = ends_.erase(next);
    if (old.begin < range.begin) {
      ends_.emplace(old.begin, range.begin);
    }
    if (old.end > range.end) {
      ends_.emplace(range.end, old.end);
    }
  }
}

std::optional<PageRange> PageSet::first_in(const PageRange& range) const {
  auto next = ends_.upper_bound(range.begin);
  if (next != ends_.begin() && std::prev(next)->second > range.begin) {
    --next;
  }
  if (range.is_empty() || next == ends_.end() || next->first >= range.end) {
    return std::nullopt;
  }
  return intersection({.begin = next->first, .end = next->second}, range);
}

std::vector<PageRange> PageSet::list(std::uint64_t from, std::size_t at_most) const {
  std::vector<PageRange> ranges;
  for (auto next = ends_.lower_bound(from); next != ends_.end() && ranges.size() < at_most;
       ++next) {
    ranges.push_back({.begin = next->first, .end = next->second});
  }
  return ranges;
}

}  // namespace tenure::core
