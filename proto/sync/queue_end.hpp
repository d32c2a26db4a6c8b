// SPDX-License-Identifier: Apache-2.0
/// The end of a queue: no more pushes, and each lane is finished once nothing can come to it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/layout/queue_word.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::sync {

template <class A = StdAtomics>
[[nodiscard]] bool has_ended(const typename A::Queue& queue) noexcept {
  // seq_cst: after the caller marked a slot *filling*, and before is_finished() looks for such
  // marks: one of the two sees the other. pairs: queue.ended
  return queue.state().ended.load(std::memory_order_seq_cst) != 0;
}

/// Whether a bundle of this slot can still come to the lane. Bundles only move forward; what is
/// parked stays parked.
[[nodiscard]] constexpr bool can_come_to(std::size_t lane, layout::QueueWord word) noexcept {
  switch (word.phase) {
    case layout::QueuePhase::filling:
      return true;
    case layout::QueuePhase::queued:
    case layout::QueuePhase::again:
    case layout::QueuePhase::taken:
    case layout::QueuePhase::changing:
      return word.lane <= lane;
    default:
      return false;
  }
}

/// Whether nothing will come to the lane any more. One look at each word decides: whoever marks a
/// slot *filling* from now on sees that the queue has ended, and gives it back.
template <class A = StdAtomics>
[[nodiscard]] bool is_finished(const typename A::Queue& queue, std::size_t lane) noexcept {
  if (!has_ended<A>(queue)) {
    return false;
  }
  for (std::size_t slot = 0; slot < queue.shape().slots; ++slot) {
    // seq_cst: after `ended`, see above. pairs: queue.ended
    const std::uint64_t word = queue.slot(slot).word.load(std::memory_order_seq_cst);
    if (can_come_to(lane, layout::QueueWord::unpack(word))) {
      return false;
    }
  }
  return true;
}

/// Ends the queue, and wakes everybody: producers wait in vain, consumers may be finished.
template <class A = StdAtomics>
void end_queue(const typename A::Queue& queue) noexcept {
  // seq_cst: see has_ended(). pairs: queue.ended
  queue.state().ended.store(1, std::memory_order_seq_cst);
  ring_counted<A>(queue.wait(layout::kFreeRing));
  ring_lanes<A>(queue);
}

/// After a move: the last one of an ended queue is what its consumers wait for.
template <class A = StdAtomics>
void ring_if_ended(const typename A::Queue& queue) noexcept {
  if (has_ended<A>(queue)) {
    ring_lanes<A>(queue);
  }
}

}  // namespace tenure::sync
