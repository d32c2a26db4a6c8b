// SPDX-License-Identifier: Apache-2.0
/// Waking those who wait for a ring of a queue: who sleeps is woken one by one, who polls all.
///
/// Only who waits counts itself up and down; a flag that wakers take down loses wake-ups (model:
/// queue_wake.pml). A sleeper reads the futex word, counts itself, looks at the rings once more,
/// sleeps, counts itself off, takes or repeats. Whoever has slept and leaves, with something or
/// without, wakes the next one if there is something left: a wake that he got was also theirs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/layout/queue_waiting.hpp"
#include "proto/layout/queue_word.hpp"
#include "proto/sync/atomics.hpp"

namespace tenure::sync {

/// What somebody who waits has to remember until it counts itself off.
struct WaitMark {
  std::uint32_t expected = 0;  // Sleep on the bell at this value.
  std::uint32_t epoch = 0;
};

/// Which of the two counts, and which bell.
enum class WaitKind : std::uint8_t { sleeper, poller };

template <class Wait>
[[nodiscard]] auto& bell_of(Wait& line, WaitKind kind) noexcept {
  return kind == WaitKind::sleeper ? line.bell : line.poll_bell;
}

[[nodiscard]] constexpr std::uint64_t one_of(WaitKind kind) noexcept {
  return kind == WaitKind::sleeper ? layout::Waiting{.sleepers = 1}.pack()
                                   : layout::Waiting{.pollers = 1}.pack();
}

/// Counts the caller as waiting. It looks at the rings once more before it sleeps on the bell.
template <class A = StdAtomics>
[[nodiscard]] WaitMark count_on(typename A::Queue::Wait& line, WaitKind kind) noexcept {
  // acquire: read before the count goes up, or a wake between the two is slept through; who sees
  // its new value sees the entry. pairs: queue.bell
  const std::uint32_t expected = bell_of(line, kind).load(std::memory_order_acquire);
  // seq_cst: counted before the second look; the waker's entry stands before its look at this word:
  // one of the two sees the other. pairs: queue.sleep
  const std::uint64_t old = line.waiting.fetch_add(one_of(kind), std::memory_order_seq_cst);
  return {.expected = expected, .epoch = layout::Waiting::unpack(old).epoch};
}

/// Counts the caller off, unless the broker has done so for everybody meanwhile.
template <class A = StdAtomics>
void count_off(typename A::Queue::Wait& line, WaitKind kind, std::uint32_t epoch) noexcept {
  constexpr int kMostRounds = 1 << 14;  // Against a peer that keeps changing the word.
  // seq_cst: as every access to this word. pairs: queue.sleep
  std::uint64_t packed = line.waiting.load(std::memory_order_seq_cst);
  for (int i = 0; i < kMostRounds; ++i) {
    const auto word = layout::Waiting::unpack(packed);
    const bool is_counted = kind == WaitKind::sleeper ? word.sleepers != 0 : word.pollers != 0;
    if (word.epoch != epoch || !is_counted) {
      return;
    }
    // seq_cst: likewise; relaxed to learn what it is by now. pairs: queue.sleep
    if (line.waiting.compare_exchange_strong(
            packed, packed - one_of(kind), std::memory_order_seq_cst, std::memory_order_relaxed)) {
      return;
    }
  }
}

/// After an entry was appended, or its waiter left with something still there: wakes one sleeper,
/// and everybody who polls. One load when nobody waits.
template <class A = StdAtomics>
void wake(typename A::Queue::Wait& line) noexcept {
  // seq_cst: after the entry; see count_on(). pairs: queue.sleep
  const auto waiting = layout::Waiting::unpack(line.waiting.load(std::memory_order_seq_cst));
  if (waiting.sleepers == 0 && waiting.pollers == 0) {
    return;
  }
  if (waiting.sleepers != 0) {
    // release: the entry is visible to whoever sees the new value. pairs: queue.bell
    line.bell.fetch_add(1, std::memory_order_release);
    A::wake_one(line.bell);
  }
  if (waiting.pollers != 0) {
    // release: likewise. pairs: queue.bell
    line.poll_bell.fetch_add(1, std::memory_order_release);
    A::wake_all(line.poll_bell);
  }
  // relaxed: a figure for people. alone: queue.counters
  line.wakes.fetch_add(1, std::memory_order_relaxed);
}

/// Wakes everybody, and leaves the counts as they are: all are to look again.
template <class A = StdAtomics>
void ring(typename A::Queue::Wait& line) noexcept {
  // release: what changed is visible to whoever sees the new values. pairs: queue.bell
  line.bell.fetch_add(1, std::memory_order_release);
  A::wake_all(line.bell);
  // release: likewise. pairs: queue.bell
  line.poll_bell.fetch_add(1, std::memory_order_release);
  A::wake_all(line.poll_bell);
}

/// The same where somebody is counted.
template <class A = StdAtomics>
void ring_counted(typename A::Queue::Wait& line) noexcept {
  // seq_cst: after what the caller changed; see count_on(). pairs: queue.sleep
  const auto waiting = layout::Waiting::unpack(line.waiting.load(std::memory_order_seq_cst));
  if (waiting.sleepers != 0 || waiting.pollers != 0) {
    ring<A>(line);
  }
}

/// Broker, after anybody's end: wakes everybody, and takes off what was counted before, that of the
/// dead with it. The living find a new epoch and count themselves anew.
template <class A = StdAtomics>
void ring_and_void(typename A::Queue::Wait& line) noexcept {
  // seq_cst: the epoch before the bell, the bell before the counts go down; a broker that dies in
  // between leaves counts that are too high, and the next one takes them off. pairs: queue.sleep
  const auto old = layout::Waiting::unpack(
      line.waiting.fetch_add(layout::Waiting{.epoch = 1}.pack(), std::memory_order_seq_cst));
  ring<A>(line);
  const layout::Waiting counted{.sleepers = old.sleepers, .pollers = old.pollers};
  line.waiting.fetch_add(0 - counted.pack(), std::memory_order_seq_cst);
}

template <class A = StdAtomics>
void ring_lanes(const typename A::Queue& queue) noexcept {
  for (std::size_t lane = 0; lane < queue.shape().lanes; ++lane) {
    ring_counted<A>(queue.wait(layout::lane_ring(lane)));
  }
}

/// Broker: the same for every ring, with new epochs.
template <class A = StdAtomics>
void ring_and_void_all(const typename A::Queue& queue) noexcept {
  ring_and_void<A>(queue.wait(layout::kFreeRing));
  ring_and_void<A>(queue.wait(layout::kParkedRing));
  for (std::size_t lane = 0; lane < queue.shape().lanes; ++lane) {
    ring_and_void<A>(queue.wait(layout::lane_ring(lane)));
  }
}

}  // namespace tenure::sync
