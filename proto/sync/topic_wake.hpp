// SPDX-License-Identifier: Apache-2.0
/// Waking the readers of a topic, and its publisher.
///
/// The order of the steps is the proof (model: topic_wake.pml): flags go down before the futex word
/// goes up, and a sleeper reads the word before it raises its flag and looks once more. A step out
/// of place loses wake-ups, some only when a process is preempted for microseconds.
#pragma once

#include <cstdint>

#include "proto/sync/atomics.hpp"

namespace tenure::sync {

inline constexpr std::uint32_t kSomebodySleeps = 1;

/// Publisher, after storing `latest` and a full fence. Returns whether anybody had to be woken.
template <class A = StdAtomics>
bool wake_readers(typename A::Head& head, typename A::Bell& bell) noexcept {
  // relaxed: the caller's full fence stands between `latest` and this load, and a sleeper's full
  // fence between its flag and its second look: one of the two sees the other. pairs: wake.sleep
  if (bell.readers.flags.load(std::memory_order_relaxed) == 0) {
    return false;
  }
  // acq_rel: taken down before the word goes up. A flag raised later finds the word's new value at
  // its FUTEX_WAIT or `latest` at its second look. pairs: wake.sleep
  bell.readers.flags.exchange(0, std::memory_order_acq_rel);
  // release: not before the exchange above. pairs: wake.word
  head.bell.wake.fetch_add(1, std::memory_order_release);
  A::wake_all(head.bell.wake);
  // relaxed: a counter with one writer, for people. alone: wake.count
  head.bell.wakes.store(head.bell.wakes.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
  return true;
}

/// Reader, after it let a slot go or said what it has seen. No fence: the waiting publisher looks
/// again every millisecond, which bounds what a flag missed here can cost.
template <class A = StdAtomics>
void wake_publisher(typename A::Bell& bell) noexcept {
  // relaxed: see above. pairs: wake.publisher
  if (bell.release.flags.load(std::memory_order_relaxed) == 0) {
    return;
  }
  // acq_rel, then release: the order of wake_readers(). pairs: wake.publisher
  bell.release.flags.exchange(0, std::memory_order_acq_rel);
  bell.release.wake.fetch_add(1, std::memory_order_release);
  A::wake_all(bell.release.wake);
}

/// Broker, after anybody's end: wakes everybody, both directions.
template <class A = StdAtomics>
void ring(typename A::Head& head, typename A::Bell& bell) noexcept {
  // release: the repairs are visible to whoever sees the new value. pairs: wake.word
  head.bell.wake.fetch_add(1, std::memory_order_release);
  A::wake_all(head.bell.wake);
  // release: as above. pairs: wake.publisher
  bell.release.wake.fetch_add(1, std::memory_order_release);
  A::wake_all(bell.release.wake);
}

/// First half of going to sleep; the caller looks once more, then waits for `word` to leave the
/// value returned.
template <class A = StdAtomics>
[[nodiscard]] std::uint32_t announce_sleep(const typename A::Word32& word,
                                           typename A::Word32& flags) noexcept {
  // acquire: read before the flag goes up, or a wake between the two is slept through; and the
  // repairs before a ring are seen. pairs: wake.word
  const std::uint32_t expected = word.load(std::memory_order_acquire);
  flags.store(kSomebodySleeps, std::memory_order_relaxed);  // relaxed: the fence. pairs: wake.sleep
  // seq_cst: store, fence, load here; the same on the waker's side. pairs: wake.sleep
  A::fence(std::memory_order_seq_cst);
  return expected;
}

}  // namespace tenure::sync
