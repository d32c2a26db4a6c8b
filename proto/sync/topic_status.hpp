// SPDX-License-Identifier: Apache-2.0
/// What the broker reads of a topic for people, and how a topic moves to fresh memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "proto/layout/slot_word.hpp"
#include "proto/sync/subscriber_scan.hpp"
#include "proto/sync/topic_wake.hpp"

namespace tenure::sync {

/// As it was at some moment of the call; a peer may have written any of it.
struct TopicStatus {
  std::uint64_t version = 0;
  std::uint64_t published_ns = 0;  // CLOCK_MONOTONIC_COARSE of that version.
  std::uint64_t published_bytes = 0;
  std::uint64_t wakes = 0;
  std::uint64_t held = 0;  // Bit i: slot i.
};

/// One subscriber's entry.
struct EntryStatus {
  std::uint64_t holds = 0;
  std::uint64_t seen = 0;
  std::uint64_t views = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t missed = 0;
  std::uint64_t retries = 0;
  std::uint64_t torn = 0;
};

template <class A = StdAtomics>
[[nodiscard]] TopicStatus read_status(const typename A::Head& head,
                                      typename A::Bell& bell,
                                      std::size_t slots,
                                      std::size_t entries) noexcept {
  // Every load: relaxed, figures for people; nothing is read on the strength of them.
  // alone: topic.status
  TopicStatus status;
  status.version =
      layout::Latest::unpack(head.newest.latest.load(std::memory_order_relaxed)).version;
  status.published_ns = head.newest.published_ns.load(std::memory_order_relaxed);
  status.published_bytes = head.bell.published_bytes.load(std::memory_order_relaxed);
  status.wakes = head.bell.wakes.load(std::memory_order_relaxed);
  const std::uint64_t all = slots >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << slots) - 1;
  status.held = scan_needs<A>(head, bell, entries).held & all;
  return status;
}

template <class A = StdAtomics>
[[nodiscard]] EntryStatus read_entry(typename A::Bell& bell, std::size_t index) noexcept {
  const auto& entry = bell.entry(index);
  // Every load: relaxed, as above. alone: topic.status
  return {.holds = entry.holds.load(std::memory_order_relaxed),
          .seen = entry.seen.load(std::memory_order_relaxed),
          .views = entry.views.load(std::memory_order_relaxed),
          .snapshots = entry.snapshots.load(std::memory_order_relaxed),
          .missed = entry.missed.load(std::memory_order_relaxed),
          .retries = entry.retries.load(std::memory_order_relaxed),
          .torn = entry.torn.load(std::memory_order_relaxed)};
}

/// Versions in the slots of `holds`, smallest first.
template <class A = StdAtomics>
[[nodiscard]] std::vector<std::uint64_t> held_versions(const typename A::Head& head,
                                                       std::uint64_t holds,
                                                       std::size_t slots) {
  std::vector<std::uint64_t> versions;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    if ((holds >> slot & 1U) != 0) {
      // relaxed: as above. alone: topic.status
      const std::uint64_t word = head.slots[slot].word.load(std::memory_order_relaxed);
      versions.push_back(layout::SlotWord::unpack(word).version);
    }
  }
  std::ranges::sort(versions);
  return versions;
}

/// What fresh memory takes over: the newest bundle, with lossless retention every ready one.
struct Inheritance {
  layout::Latest newest;
  std::uint64_t slots = 0;  // Bit i: slot i is to be copied.
  std::vector<layout::SlotWord> words;
};

/// Reads the old memory, which may be written at the same time by whoever makes the fence
/// necessary: each word once, and what contradicts itself is left behind.
template <class A = StdAtomics>
[[nodiscard]] Inheritance read_inheritance(const typename A::Head& old,
                                           std::size_t slots,
                                           bool is_lossless) {
  Inheritance taken;
  taken.words.resize(slots);
  // acquire: the bytes of a ready slot are visible. pairs: topic.latest
  const auto named = layout::Latest::unpack(old.newest.latest.load(std::memory_order_acquire));
  for (std::size_t slot = 0; slot < slots; ++slot) {
    // acquire: as above. pairs: topic.commit
    const auto word =
        layout::SlotWord::unpack(old.slots[slot].word.load(std::memory_order_acquire));
    const bool is_bundle =
        word.phase == layout::Phase::ready && word.version != 0 && word.version <= named.version;
    const bool is_newest = named.slot == slot && named.version == word.version;
    if (is_bundle && (is_lossless || is_newest)) {
      taken.words[slot] = word;
      taken.slots |= std::uint64_t{1} << slot;
    }
  }
  // The version goes on even where its bundle is lost: that of a K = 1 topic is then poisoned.
  if (named.version != 0 && named.slot < slots) {
    taken.newest = named;
    if (slots == 1 && taken.slots == 0) {
      taken.words[0] = {.version = 0, .phase = layout::Phase::poisoned};
    }
  }
  return taken;
}

/// Puts it into memory that nobody else has yet, once the bytes are there.
template <class A = StdAtomics>
void inherit(typename A::Head& fresh, const typename A::Head& old, const Inheritance& taken) {
  // Every order: relaxed, the fds of this memory are sent later. alone: topic.attach
  for (std::size_t slot = 0; slot < taken.words.size(); ++slot) {
    fresh.slots[slot].word.store(taken.words[slot].pack(), std::memory_order_relaxed);
  }
  fresh.newest.latest.store(taken.newest.version == 0 ? 0 : taken.newest.pack(),
                            std::memory_order_relaxed);
  fresh.newest.published_ns.store(old.newest.published_ns.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
  fresh.bell.wakes.store(old.bell.wakes.load(std::memory_order_relaxed), std::memory_order_relaxed);
  fresh.bell.published_bytes.store(old.bell.published_bytes.load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
}

/// Says in old memory that the segment is elsewhere now, and wakes everybody.
template <class A = StdAtomics>
void supersede(typename A::Head& old, typename A::Bell& bell) noexcept {
  // release: a sleeper that sees the ring sees this. alone: topic.superseded
  old.newest.superseded.store(1, std::memory_order_release);
  ring<A>(old, bell);
}

}  // namespace tenure::sync
