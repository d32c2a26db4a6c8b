// SPDX-License-Identifier: Apache-2.0
/// `bell` of a topic: waiter flags, and an entry per subscriber.
///
/// Mapped read-write by everybody with the hold right: nothing here is trusted. A liar among them
/// can hinder (hold slots, delay wake-ups); he cannot make anybody read or write a wrong address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "proto/layout/constants.hpp"
#include "proto/layout/topic_head.hpp"

namespace tenure::layout {

/// Set by readers that are about to sleep, taken down by the publisher.
template <template <class> class Atomic>
struct ReaderFlagsOf {
  Atomic<std::uint32_t> flags;            // 0: bit 0: somebody sleeps on head.bell.wake.
  std::array<std::uint8_t, 60> reserved;  // 4: zero.
};

/// The other direction: a publisher that waits for a slot.
template <template <class> class Atomic>
struct ReleaseLineOf {
  Atomic<std::uint32_t> wake;             // 0: readers, broker. One more at each ring; futex word.
  Atomic<std::uint32_t> flags;            // 4: bit 0: the publisher sleeps on `wake`.
  std::array<std::uint8_t, 56> reserved;  // 8: zero.
};

/// One subscriber object. Cleared by the broker only after its end.
template <template <class> class Atomic>
struct SubscriberEntryOf {
  Atomic<std::uint64_t> holds;      //  0: subscriber. Bit i: slot i is being viewed.
  Atomic<std::uint64_t> seen;       //  8: subscriber (publisher: kDropped). Last version seen.
  Atomic<std::uint64_t> views;      // 16: subscriber. Counters, as it says:
  Atomic<std::uint64_t> snapshots;  // 24
  Atomic<std::uint64_t> missed;     // 32
  Atomic<std::uint64_t> retries;    // 40
  Atomic<std::uint64_t> torn;       // 48
  Atomic<std::uint64_t> joined;     // 56: subscriber. Non-zero once it has said where it starts.
};

/// `seen` of a lossless subscriber that the publisher has given up waiting for.
inline constexpr std::uint64_t kDropped = ~std::uint64_t{0};

/// The fixed part; the entries follow it.
template <template <class> class Atomic>
struct TopicBellOf {
  ReaderFlagsOf<Atomic> readers;  //   0
  ReleaseLineOf<Atomic> release;  //  64

  /// Entry `index`, which the caller has checked against the number of entries.
  [[nodiscard]] SubscriberEntryOf<Atomic>& entry(std::size_t index) noexcept {
    return reinterpret_cast<SubscriberEntryOf<Atomic>*>(this + 1)[index];
  }
};

using ReaderFlags = ReaderFlagsOf<StdAtomic>;
static_assert(std::is_standard_layout_v<ReaderFlags> && sizeof(ReaderFlags) == kLineBytes);
static_assert(offsetof(ReaderFlags, flags) == 0);
static_assert(offsetof(ReaderFlags, reserved) == 4);

using ReleaseLine = ReleaseLineOf<StdAtomic>;
static_assert(std::is_standard_layout_v<ReleaseLine> && sizeof(ReleaseLine) == kLineBytes);
static_assert(offsetof(ReleaseLine, wake) == 0);
static_assert(offsetof(ReleaseLine, flags) == 4);
static_assert(offsetof(ReleaseLine, reserved) == 8);

using SubscriberEntry = SubscriberEntryOf<StdAtomic>;
static_assert(std::is_standard_layout_v<SubscriberEntry> && sizeof(SubscriberEntry) == kLineBytes);
static_assert(offsetof(SubscriberEntry, holds) == 0);
static_assert(offsetof(SubscriberEntry, seen) == 8);
static_assert(offsetof(SubscriberEntry, views) == 16);
static_assert(offsetof(SubscriberEntry, snapshots) == 24);
static_assert(offsetof(SubscriberEntry, missed) == 32);
static_assert(offsetof(SubscriberEntry, retries) == 40);
static_assert(offsetof(SubscriberEntry, torn) == 48);
static_assert(offsetof(SubscriberEntry, joined) == 56);

using TopicBell = TopicBellOf<StdAtomic>;
static_assert(std::is_standard_layout_v<TopicBell> && sizeof(TopicBell) == 2 * kLineBytes);
static_assert(offsetof(TopicBell, readers) == 0);
static_assert(offsetof(TopicBell, release) == 64);

/// Bytes of a `bell` with that many entries, before rounding up to pages.
[[nodiscard]] constexpr std::size_t topic_bell_bytes(std::size_t entries) noexcept {
  return sizeof(TopicBell) + entries * sizeof(SubscriberEntry);
}

}  // namespace tenure::layout
