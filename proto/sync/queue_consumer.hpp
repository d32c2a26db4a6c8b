// SPDX-License-Identifier: Apache-2.0
/// A consumer's moves: pop a bundle; acknowledge it, give it back, park it or pass it on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/sync/queue_end.hpp"
#include "proto/sync/queue_parked.hpp"
#include "proto/sync/queue_ring.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::sync {

/// The moves of one session that pops. Lanes are checked by the caller. It keeps nothing but who it
/// is. Threads: any; a held slot belongs to one at a time.
///
/// Every verb that ends a hold: corrupt  a peer wrote rubbish; the slot is not the caller's any
/// more
template <class A = StdAtomics>
class QueueConsumer {
 public:
  /// `owner` is the session's index, not 0. The queue outlives this.
  QueueConsumer(const typename A::Queue& queue, std::uint16_t owner) noexcept
      : queue_(queue), owner_(owner) {}

  /// The oldest bundle of the lane, redeliveries first. `expect`: see QueueRing::take().
  ///
  /// Errors: empty     there is none
  ///         finished  and none will come
  ///         corrupt   a peer wrote rubbish
  template <class Expect = ExpectNothing>
  [[nodiscard]] Taken pop(std::size_t lane, Expect&& expect = {}) noexcept {
    const auto claim = [owner = owner_](layout::QueueWord old) {
      old.phase = layout::QueuePhase::taken;
      old.owner = owner;
      if (old.deliveries < layout::kMaxDeliveries) {
        ++old.deliveries;
      }
      return old;
    };
    // *Again* once more: what was given back after the first look comes before an `empty`.
    for (const auto name :
         {layout::again_ring(lane), layout::lane_ring(lane), layout::again_ring(lane)}) {
      const Taken taken = QueueRing<A>(queue_, name).take(claim, expect);
      if (taken.outcome != Outcome::empty) {
        return taken;
      }
    }
    return {.outcome = is_finished<A>(queue_, lane) ? Outcome::finished : Outcome::empty};
  }

  /// The oldest parked or poisoned bundle, as *examined* or *examined_poisoned*; no delivery.
  ///
  /// Errors: empty    there is none
  ///         corrupt  a peer wrote rubbish
  [[nodiscard]] Taken pop_parked() noexcept {
    return QueueRing<A>(queue_, layout::kParkedRing).take([owner = owner_](layout::QueueWord old) {
      const bool is_whole = old.phase == layout::QueuePhase::parked;
      return layout::QueueWord{
          .phase = is_whole ? layout::QueuePhase::examined : layout::QueuePhase::examined_poisoned,
          .lane = is_whole ? old.lane : std::uint8_t{0},
          .deliveries = old.deliveries,
          .owner = owner};
    });
  }

  /// Whether pop() would say something else than `empty`; writes nothing.
  [[nodiscard]] bool could_pop(std::size_t lane) const noexcept {
    return QueueRing<A>(queue_, layout::again_ring(lane)).could_take() ||
           QueueRing<A>(queue_, layout::lane_ring(lane)).could_take() ||
           is_finished<A>(queue_, lane);
  }
  [[nodiscard]] bool could_pop_parked() const noexcept {
    return QueueRing<A>(queue_, layout::kParkedRing).could_take();
  }

  /// Says that the bytes of a popped bundle are about to be written. Whoever dies from here on
  /// leaves it poisoned, or to be repeated.
  void mark_changing(Held& held) noexcept {
    held.word.phase = layout::QueuePhase::changing;
    // relaxed: the fence. pairs: queue.commit
    queue_.slot(held.slot).word.store(held.word.pack(), std::memory_order_relaxed);
    // release: no byte changes before the word does. pairs: queue.commit
    A::fence(std::memory_order_release);
  }

  /// Done with it.
  [[nodiscard]] Outcome ack(Held held) noexcept {
    return ring_after(free_slot<A>(queue_, held, owner_));
  }

  /// Not done with it: it is delivered again, or parked if that was tried often enough. A parked
  /// bundle is delivered again as well; a poisoned one is parked.
  ///
  /// Errors: finished  a parked bundle of a queue that has ended; the caller still holds it
  [[nodiscard]] Outcome nack(Held held) noexcept {
    if (held.word.phase == layout::QueuePhase::examined_poisoned) {
      return park(held);
    }
    if (held.word.phase == layout::QueuePhase::examined) {
      return deliver_again(held);
    }
    const std::uint32_t most = queue_.shape().max_deliveries;
    return most != 0 && held.word.deliveries >= most ? park(held) : ring_after(list_again(held));
  }

  /// Sets it aside.
  [[nodiscard]] Outcome park(Held held) noexcept {
    const bool is_poisoned = held.word.phase == layout::QueuePhase::examined_poisoned;
    const auto phase = is_poisoned ? layout::QueuePhase::poisoned : layout::QueuePhase::parked;
    return ring_after(park_slot<A>(queue_, held, phase, owner_));
  }

  /// Gives it up as if the caller had died: it is delivered again, or parked as *poisoned* if it
  /// was being changed and that cannot be repeated. What was parked is parked again.
  [[nodiscard]] Outcome give_up(Held held) noexcept {
    using layout::QueuePhase;
    if (held.word.phase == QueuePhase::examined) {
      return park(held);
    }
    if (held.word.phase == QueuePhase::changing && !queue_.shape().is_repeatable) {
      return ring_after(park_slot<A>(queue_, held, QueuePhase::poisoned, owner_));
    }
    return nack(held);
  }

  /// Forwards a popped bundle to a later lane.
  [[nodiscard]] Outcome pass_on(Held held, std::size_t lane) noexcept {
    const layout::QueueWord word{.phase = layout::QueuePhase::queued,
                                 .lane = static_cast<std::uint8_t>(lane),
                                 .owner = owner_,
                                 .sequence = held.word.next_sequence()};
    const Outcome outcome = list_slot<A>(queue_, held.slot, word).outcome;
    wake<A>(queue_.wait(word.ring()));
    return ring_after(outcome);
  }

  /// For whoever has slept for a bundle and leaves, with one or without: the next one may be due.
  void wake_next(std::size_t lane) noexcept {
    if (QueueRing<A>(queue_, layout::again_ring(lane)).could_take() ||
        QueueRing<A>(queue_, layout::lane_ring(lane)).could_take()) {
      wake<A>(queue_.wait(layout::lane_ring(lane)));
    }
  }
  void wake_next_parked() noexcept {
    if (could_pop_parked()) {
      wake<A>(queue_.wait(layout::kParkedRing));
    }
  }

 private:
  [[nodiscard]] Outcome ring_after(Outcome outcome) noexcept {
    ring_if_ended<A>(queue_);
    return outcome;
  }

  [[nodiscard]] Outcome list_again(Held held) noexcept {
    const layout::QueueWord word{.phase = layout::QueuePhase::again,
                                 .lane = held.word.lane,
                                 .deliveries = held.word.deliveries,
                                 .owner = owner_,
                                 .sequence = held.word.next_sequence()};
    const Outcome outcome = list_slot<A>(queue_, held.slot, word).outcome;
    wake<A>(queue_.wait(word.ring()));
    return outcome;
  }

  // As a producer does: says that a bundle is on its way, then looks whether that came too late. Of
  // a queue that has ended already nothing is said: whoever dies between the two would have the
  // broker deliver to a lane whose consumers were told that it is finished.
  [[nodiscard]] Outcome deliver_again(Held held) noexcept {
    if (has_ended<A>(queue_)) {
      return Outcome::finished;
    }
    auto& place = queue_.slot(held.slot).word;
    layout::QueueWord word = held.word;
    word.phase = layout::QueuePhase::taken;
    // seq_cst: before the look at `ended`. pairs: queue.ended
    place.store(word.pack(), std::memory_order_seq_cst);
    if (!has_ended<A>(queue_)) {
      return list_again(held);
    }
    // release: as it was. pairs: queue.commit
    place.store(held.word.pack(), std::memory_order_release);
    return ring_after(Outcome::finished);
  }

  const typename A::Queue& queue_;
  std::uint16_t owner_;
};

}  // namespace tenure::sync
