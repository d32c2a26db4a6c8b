// SPDX-License-Identifier: Apache-2.0
/// Parking a bundle, and the bound on how many are parked.
#pragma once

#include <cstdint>

#include "proto/sync/queue_ring.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::sync {

/// Gives a slot whose bytes nobody wants any more to those who wait for a free one. `rounds`, here
/// and below: as that of list_slot().
///
/// Errors: corrupt  as QueueRing::append()
template <class A = StdAtomics, class... Shared>
[[nodiscard]] Outcome free_slot(const typename A::Queue& queue,
                                Held held,
                                std::uint16_t owner,
                                Shared&... rounds) noexcept {
  const layout::QueueWord word{
      .phase = layout::QueuePhase::free, .owner = owner, .sequence = held.word.next_sequence()};
  const Outcome outcome = list_slot<A>(queue, held.slot, word, rounds...).outcome;
  wake<A>(queue.wait(layout::kFreeRing));
  return outcome;
}

/// Frees what was parked max_parked() positions before `position` or earlier. Each parked bundle
/// has one such position, so two who do this at once free no more than one would.
///
/// Errors: corrupt  as QueueRing::take() and append()
template <class A = StdAtomics, class... Shared>
[[nodiscard]] Outcome discard_parked(const typename A::Queue& queue,
                                     std::uint64_t position,
                                     std::uint16_t owner,
                                     Shared&... rounds) noexcept {
  const std::uint64_t last = position - queue.shape().max_parked();
  QueueRing<A> parked(queue, layout::kParkedRing);
  for (std::uint32_t i = 0; i <= queue.shape().slots; ++i) {
    const Taken oldest = parked.take_until(
        last,
        [owner](layout::QueueWord) {
          return layout::QueueWord{.phase = layout::QueuePhase::filling, .owner = owner};
        },
        rounds...);
    if (oldest.outcome != Outcome::done) {
      return oldest.outcome == Outcome::empty ? Outcome::done : oldest.outcome;
    }
    // relaxed: a figure for people. alone: queue.counters
    queue.counters().discarded.fetch_add(1, std::memory_order_relaxed);
    if (free_slot<A>(queue, oldest.held, owner, rounds...) != Outcome::done) {
      return Outcome::corrupt;
    }
  }
  return Outcome::corrupt;  // More than all slots.
}

/// Parks a slot as `phase`, parked or poisoned, with the lane and deliveries that it has.
///
/// Errors: corrupt  as QueueRing::take() and append()
template <class A = StdAtomics, class... Shared>
[[nodiscard]] Outcome park_slot(const typename A::Queue& queue,
                                Held held,
                                layout::QueuePhase phase,
                                std::uint16_t owner,
                                Shared&... rounds) noexcept {
  if (queue.shape().max_parked() == 0) {
    // relaxed: a figure for people. alone: queue.counters
    queue.counters().discarded.fetch_add(1, std::memory_order_relaxed);
    return free_slot<A>(queue, held, owner, rounds...);
  }
  const layout::QueueWord word{.phase = phase,
                               .lane = held.word.lane,
                               .deliveries = held.word.deliveries,
                               .owner = owner,
                               .sequence = held.word.next_sequence()};
  const Appended appended = list_slot<A>(queue, held.slot, word, rounds...);
  if (appended.outcome != Outcome::done) {
    return appended.outcome;
  }
  wake<A>(queue.wait(layout::kParkedRing));
  return discard_parked<A>(queue, appended.position, owner, rounds...);
}

}  // namespace tenure::sync
