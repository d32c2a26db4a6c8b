// SPDX-License-Identifier: Apache-2.0
/// What the subscribers of a topic need left alone, in one pass over the registered entries.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "proto/sync/atomics.hpp"

namespace tenure::sync {

/// Slots that somebody views, and the version that every subscriber has seen.
struct Needs {
  std::uint64_t held = 0;  // Bit i: slot i.
  std::uint64_t seen_by_all = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] bool holds(std::size_t slot) const noexcept { return (held >> slot & 1U) != 0; }
};

/// Calls visit(index) for each entry whose bit is set.
template <class Bits, class Visit>
void for_each_entry(const Bits& bits, std::size_t entries, Visit&& visit) noexcept {
  for (std::size_t word = 0; word * 64 < entries; ++word) {
    // acquire: an entry is initialised before its bit is set. pairs: topic.registered
    std::uint64_t rest = bits[word].load(std::memory_order_acquire);
    while (rest != 0) {
      const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
      rest &= rest - 1;
      if (index < entries) {
        visit(index);
      }
    }
  }
}

/// Subscribers that will see whatever is published from now on (with overwrite retention: if they
/// are quick enough).
template <class A = StdAtomics>
[[nodiscard]] std::size_t count_joined(const typename A::Head& head,
                                       typename A::Bell& bell,
                                       std::size_t entries) noexcept {
  std::size_t count = 0;
  for_each_entry(head.registered, entries, [&](std::size_t index) {
    // acquire: it has loaded `latest` before. pairs: topic.joined
    count += bell.entry(index).joined.load(std::memory_order_acquire) != 0 ? 1U : 0U;
  });
  return count;
}

template <class A = StdAtomics>
[[nodiscard]] Needs scan_needs(const typename A::Head& head,
                               typename A::Bell& bell,
                               std::size_t entries) noexcept {
  Needs needs;
  for_each_entry(head.registered, entries, [&](std::size_t index) {
    auto& entry = bell.entry(index);
    // acquire: what the reader read is read before the slot is written again. The publisher's full
    // fence before the scan orders it after the claim. pairs: topic.hold, topic.let_go
    needs.held |= entry.holds.load(std::memory_order_acquire);
    // acquire: likewise, for a slot that was seen and never held again. pairs: topic.seen
    const std::uint64_t seen = entry.seen.load(std::memory_order_acquire);
    needs.seen_by_all = seen < needs.seen_by_all ? seen : needs.seen_by_all;
  });
  return needs;
}

}  // namespace tenure::sync
