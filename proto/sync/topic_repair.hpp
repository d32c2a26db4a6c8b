// SPDX-License-Identifier: Apache-2.0
/// The broker's half of a topic: registering subscribers, and repairs once somebody's pidfd says
/// that he is dead (or he has closed in good order).
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/layout/slot_word.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/sync/subscriber_scan.hpp"
#include "proto/sync/topic_wake.hpp"

namespace tenure::sync {

/// Brings the slot words and `latest` into order after a publisher's end; idempotent. Then ring().
///
/// `writing` was half-written: free (K = 1: poisoned). `claimed` was not changed: ready again. A
/// ready version above `latest` was committed: `latest` is completed.
template <class A = StdAtomics>
void repair_publisher(typename A::Head& head, std::size_t slots) noexcept {
  using layout::Phase;
  // Every order in here: relaxed loads, the writer is dead and its stores are in memory (the kernel
  // reported the death after it); release stores, for readers that go on. pairs: topic.commit
  layout::Latest newest =
      layout::Latest::unpack(head.newest.latest.load(std::memory_order_relaxed));
  const std::uint64_t published = newest.version;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    auto& line = head.slots[slot].word;
    const auto word = layout::SlotWord::unpack(line.load(std::memory_order_relaxed));
    if (word.phase == Phase::ready) {
      if (word.version > newest.version) {
        newest = {.version = word.version, .slot = static_cast<std::uint32_t>(slot)};
      }
      continue;
    }
    layout::SlotWord repaired{};
    if (word.phase == Phase::claimed && word.version != 0) {
      repaired = {.version = word.version, .phase = Phase::ready};
    } else if (slots == 1 && published != 0) {
      repaired = {.version = 0, .phase = Phase::poisoned};
    }
    line.store(repaired.pack(), std::memory_order_release);
  }
  if (newest.version > published) {
    // release: as the publisher would have. pairs: topic.latest
    head.newest.latest.store(newest.pack(), std::memory_order_release);
  }
}

/// Sets or clears the bit of an entry in `registered` or `limited`; the broker is the only writer.
template <class Bits>
void set_bit(Bits& bits, std::size_t index, bool value) noexcept {
  auto& word = bits[index / 64];
  const std::uint64_t bit = std::uint64_t{1} << index % 64;
  // relaxed: own store. release: the entry before its bit. pairs: topic.registered
  const std::uint64_t old = word.load(std::memory_order_relaxed);
  word.store(value ? old | bit : old & ~bit, std::memory_order_release);
}

template <class A = StdAtomics>
void clear_entry(typename A::Bell& bell, std::size_t index) noexcept {
  auto& entry = bell.entry(index);
  // release: the dead one's reads are over. pairs: topic.let_go
  entry.holds.store(0, std::memory_order_release);
  // relaxed: nobody looks before the bit is set. pairs: topic.registered
  for (auto* field : {&entry.seen,
                      &entry.views,
                      &entry.snapshots,
                      &entry.missed,
                      &entry.retries,
                      &entry.torn,
                      &entry.joined}) {
    field->store(0, std::memory_order_relaxed);
  }
}

/// Registers a subscriber: a clean entry that has "seen nothing", then its bit.
template <class A = StdAtomics>
void register_entry(typename A::Head& head,
                    typename A::Bell& bell,
                    std::size_t index,
                    bool is_limited) noexcept {
  clear_entry<A>(bell, index);
  set_bit(head.limited, index, is_limited);
  set_bit(head.registered, index, true);
}

/// Ends a subscriber that is dead or has closed: its holds and its say in retention. Then ring().
/// Never for one that still runs: that would tear its view.
template <class A = StdAtomics>
void unregister_entry(typename A::Head& head, typename A::Bell& bell, std::size_t index) noexcept {
  set_bit(head.registered, index, false);
  set_bit(head.limited, index, false);
  clear_entry<A>(bell, index);
}

}  // namespace tenure::sync
