// SPDX-License-Identifier: Apache-2.0
/// A producer's moves: take a free slot, fill it, push it; end the queue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/sync/queue_end.hpp"
#include "proto/sync/queue_parked.hpp"
#include "proto/sync/queue_ring.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::sync {

/// The moves of one session that pushes. It keeps nothing but who it is. Threads: any; a held slot
/// belongs to one at a time.
template <class A = StdAtomics>
class QueueProducer {
 public:
  /// `owner` is the session's index, not 0. The queue outlives this.
  QueueProducer(const typename A::Queue& queue, std::uint16_t owner) noexcept
      : queue_(queue), owner_(owner) {}

  /// A slot whose bytes may be written from now on.
  ///
  /// Errors: empty     every slot is in use: the queue is full
  ///         finished  the queue has ended
  ///         corrupt   a peer wrote rubbish
  [[nodiscard]] Taken try_claim() noexcept { return claim_from(layout::kFreeRing); }

  /// The same by dropping the oldest bundle of the lane, but none that was delivered before.
  ///
  /// Errors: empty     there is none
  ///         finished  the queue has ended
  ///         corrupt   a peer wrote rubbish
  [[nodiscard]] Taken claim_oldest(std::size_t lane) noexcept {
    if (has_ended<A>(queue_)) {
      return {.outcome = Outcome::finished};
    }
    const Taken oldest = claim_from(layout::lane_ring(lane));
    if (oldest.outcome == Outcome::done) {
      // relaxed: a figure for people. alone: queue.counters
      queue_.counters().dropped.fetch_add(1, std::memory_order_relaxed);
    }
    return oldest;
  }

  /// Whether try_claim() would say something else than `empty`; writes nothing.
  [[nodiscard]] bool could_claim() const noexcept {
    return QueueRing<A>(queue_, layout::kFreeRing).could_take() || has_ended<A>(queue_);
  }

  /// The same of claim_oldest().
  [[nodiscard]] bool could_claim_oldest(std::size_t lane) const noexcept {
    return QueueRing<A>(queue_, layout::lane_ring(lane)).could_take() || has_ended<A>(queue_);
  }

  /// Makes a claimed slot the newest bundle of a lane, which the caller has checked. Its record and
  /// data stand already. `now_ns`: CLOCK_MONOTONIC_COARSE.
  ///
  /// Errors: corrupt  a peer wrote rubbish; the slot is not the caller's any more
  [[nodiscard]] Outcome push(Held draft, std::size_t lane, std::uint64_t now_ns) noexcept {
    // relaxed: a figure for people. alone: queue.counters
    queue_.slot(draft.slot).pushed_ns.store(now_ns, std::memory_order_relaxed);
    const layout::QueueWord word{.phase = layout::QueuePhase::queued,
                                 .lane = static_cast<std::uint8_t>(lane),
                                 .owner = owner_,
                                 .sequence = draft.word.next_sequence()};
    const Outcome outcome = list_slot<A>(queue_, draft.slot, word).outcome;
    wake<A>(queue_.wait(word.ring()));
    ring_if_ended<A>(queue_);  // Earlier lanes may be finished now.
    return outcome;
  }

  /// Gives a claimed slot back.
  ///
  /// Errors: corrupt  as push()
  [[nodiscard]] Outcome cancel(Held draft) noexcept {
    // relaxed: a figure for people. alone: queue.counters
    queue_.counters().cancelled.fetch_add(1, std::memory_order_relaxed);
    const Outcome outcome = free_slot<A>(queue_, draft, owner_);
    ring_if_ended<A>(queue_);
    return outcome;
  }

  /// Ends the queue. Drafts that were claimed before may still be pushed.
  void finish() noexcept { end_queue<A>(queue_); }

  /// For whoever has slept for a slot and leaves, with one or without: the next one may be due.
  void wake_next() noexcept {
    if (QueueRing<A>(queue_, layout::kFreeRing).could_take()) {
      wake<A>(queue_.wait(layout::kFreeRing));
    }
  }

 private:
  [[nodiscard]] Taken claim_from(layout::RingName name) noexcept {
    const Taken taken = QueueRing<A>(queue_, name).take([owner = owner_](layout::QueueWord) {
      return layout::QueueWord{.phase = layout::QueuePhase::filling, .owner = owner};
    });
    if (taken.outcome == Outcome::corrupt || !has_ended<A>(queue_)) {
      return taken;
    }
    if (taken.outcome == Outcome::done) {
      const bool is_bundle = name.kind == layout::RingName::Kind::lane;
      const Outcome returned = is_bundle ? undrop(taken.held, name.lane) : cancel(taken.held);
      if (returned == Outcome::corrupt) {
        return {.outcome = Outcome::corrupt};
      }
    }
    return {.outcome = Outcome::finished};
  }

  // It makes room for nothing any more: it was the oldest, and still comes before all that wait.
  [[nodiscard]] Outcome undrop(Held bundle, std::size_t lane) noexcept {
    const layout::QueueWord word{.phase = layout::QueuePhase::again,
                                 .lane = static_cast<std::uint8_t>(lane),
                                 .owner = owner_,
                                 .sequence = bundle.word.next_sequence()};
    const Outcome outcome = list_slot<A>(queue_, bundle.slot, word).outcome;
    wake<A>(queue_.wait(word.ring()));
    ring_if_ended<A>(queue_);
    return outcome;
  }

  const typename A::Queue& queue_;
  std::uint16_t owner_;
};

}  // namespace tenure::sync
