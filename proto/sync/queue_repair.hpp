// SPDX-License-Identifier: Apache-2.0
/// The broker's half of a queue: the first words, and what the dead leave behind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "proto/layout/queue_cell.hpp"
#include "proto/sync/queue_parked.hpp"
#include "proto/sync/queue_ring.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::sync {

/// Fills zeroed memory that nobody else has yet: every slot free, every ring at `position`.
template <class A = StdAtomics>
void start_queue(const typename A::Queue& queue,
                 std::uint64_t position = 0,
                 std::uint64_t sequence = 0) noexcept {
  // Every order: relaxed, the fds of this memory are sent later. alone: queue.start
  const layout::RingCapacity capacity = queue.capacity();
  const std::uint32_t slots = queue.shape().slots;
  const auto start_ring = [&](layout::RingName name, std::uint32_t listed) {
    for (std::uint32_t i = 0; i < capacity.cells; ++i) {
      const std::uint64_t at = position + i;
      const layout::FullCell full{.turn = capacity.turn(at), .slot = i, .sequence = sequence};
      queue.cell(name, at).store(i < listed ? full.pack() : layout::empty_cell(at),
                                 std::memory_order_relaxed);
    }
    queue.ring(name).head.store(position, std::memory_order_relaxed);
    queue.ring(name).tail.store(position + listed, std::memory_order_relaxed);
  };
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    queue.slot(slot).word.store(layout::QueueWord{.sequence = sequence}.pack(),
                                std::memory_order_relaxed);
  }
  start_ring(layout::kFreeRing, slots);
  start_ring(layout::kParkedRing, 0);
  for (std::size_t lane = 0; lane < queue.shape().lanes; ++lane) {
    start_ring(layout::lane_ring(lane), 0);
    start_ring(layout::again_ring(lane), 0);
  }
}

/// What a repair did, in slots.
struct QueueRepairs {
  std::uint32_t freed = 0;     // Half-filled drafts.
  std::uint32_t again = 0;     // To be delivered again.
  std::uint32_t parked = 0;    // Were delivered too often, or were being examined.
  std::uint32_t poisoned = 0;  // Half-changed.
  std::uint32_t listed = 0;    // Moves that were committed and not yet listed.
  std::uint32_t rubbish = 0;   // Words that no honest participant writes: freed.
  bool is_corrupt = false;     // A ring is beyond repair: given up there and then.

  friend bool operator==(const QueueRepairs&, const QueueRepairs&) = default;
};

/// Moves on what dead sessions owned. Each slot word once, then each cell once, then the words of
/// what was not found: O(slots + cells). Threads: one, the broker's.
///
/// Only for owners whose death the kernel has reported, or that no living session has; a starting
/// broker also repairs for itself, owner 0. It may be repeated, also by the broker's successor.
template <class A = StdAtomics>
class QueueRepair {
 public:
  /// `scratch` has room for a word per slot; what stands there is of no interest before and after.
  QueueRepair(const typename A::Queue& queue, std::span<std::uint64_t> scratch) noexcept
      : queue_(queue), sought_(scratch.first(queue.shape().slots)) {}

  /// Repairs, then wakes everybody. After it the indices of the dead may be given to others.
  template <class IsDead>
  [[nodiscard]] QueueRepairs run(IsDead&& is_dead) {
    done_ = {};
    rounds_ = Rounds(queue_.shape().slots);
    std::ranges::fill(sought_, kNothing);
    bool seeks = false;
    for (std::uint32_t slot = 0; slot < queue_.shape().slots && !done_.is_corrupt; ++slot) {
      // acquire: what the dead one stored before. pairs: queue.commit
      const std::uint64_t packed = queue_.slot(slot).word.load(std::memory_order_acquire);
      const auto word = layout::QueueWord::unpack(packed);
      if (!is_dead(word.owner)) {
        continue;
      }
      if (word.is_listed() && word.lane < queue_.shape().lanes) {
        sought_[slot] = word.sequence;
        seeks = true;
      } else {
        move_on({.slot = slot, .word = word});
      }
    }
    if (seeks) {
      strike_out_found();
      list_missing(is_dead);
    }
    if (!done_.is_corrupt) {
      discard_surplus();
    }
    ring_and_void_all<A>(queue_);
    return done_;
  }

 private:
  static constexpr std::uint64_t kNothing = ~std::uint64_t{0};  // No sequence is so large.

  void move_on(Held held) {
    using layout::QueuePhase;
    if (held.word.lane >= queue_.shape().lanes) {
      return free_as(held, done_.rubbish);
    }
    switch (held.word.phase) {
      case QueuePhase::filling:
        return free_as(held, done_.freed);
      case QueuePhase::taken:
        return deliver_again(held);
      case QueuePhase::changing:
        return queue_.shape().is_repeatable ? deliver_again(held)
                                            : park_as(held, QueuePhase::poisoned, done_.poisoned);
      case QueuePhase::examined:
        return park_as(held, QueuePhase::parked, done_.parked);
      case QueuePhase::examined_poisoned:
        return park_as(held, QueuePhase::poisoned, done_.poisoned);
      default:
        return free_as(held, done_.rubbish);
    }
  }

  void deliver_again(Held held) {
    const std::uint32_t most = queue_.shape().max_deliveries;
    if (most != 0 && held.word.deliveries >= most) {
      return park_as(held, layout::QueuePhase::parked, done_.parked);
    }
    const layout::QueueWord word{.phase = layout::QueuePhase::again,
                                 .lane = held.word.lane,
                                 .deliveries = held.word.deliveries,
                                 .sequence = held.word.next_sequence()};
    count(list_slot<A>(queue_, held.slot, word, rounds_).outcome, done_.again);
  }
  void park_as(Held held, layout::QueuePhase phase, std::uint32_t& counter) {
    count(park_slot<A>(queue_, held, phase, kBroker, rounds_), counter);
  }
  void free_as(Held held, std::uint32_t& counter) {
    // relaxed: a figure for people. alone: queue.counters
    queue_.counters().cancelled.fetch_add(1, std::memory_order_relaxed);
    count(free_slot<A>(queue_, held, kBroker, rounds_), counter);
  }
  void count(Outcome outcome, std::uint32_t& counter) {
    ++counter;
    done_.is_corrupt = done_.is_corrupt || outcome == Outcome::corrupt;
  }

  /// Crosses out what is listed already, in any ring: no two rings list a slot with one sequence.
  void strike_out_found() {
    const auto look_through = [this](layout::RingName name) {
      for (std::uint64_t i = 0; i < queue_.capacity().cells; ++i) {
        // acquire: if its entry is gone, the word has changed before. pairs: queue.emptied
        const std::uint64_t cell = queue_.cell(name, i).load(std::memory_order_acquire);
        const auto entry = layout::FullCell::unpack(cell);
        if (layout::is_full(cell) && entry.slot < sought_.size() &&
            sought_[entry.slot] == entry.sequence) {
          sought_[entry.slot] = kNothing;
        }
      }
    };
    look_through(layout::kFreeRing);
    look_through(layout::kParkedRing);
    for (std::size_t lane = 0; lane < queue_.shape().lanes; ++lane) {
      look_through(layout::lane_ring(lane));
      look_through(layout::again_ring(lane));
    }
  }

  /// An entry that was not found was taken meanwhile, and then the word has changed; or it was
  /// never made, and the dead make none any more.
  template <class IsDead>
  void list_missing(IsDead&& is_dead) {
    for (std::uint32_t slot = 0; slot < sought_.size() && !done_.is_corrupt; ++slot) {
      if (sought_[slot] == kNothing) {
        continue;
      }
      // acquire: after the cells. pairs: queue.emptied
      const auto word =
          layout::QueueWord::unpack(queue_.slot(slot).word.load(std::memory_order_acquire));
      const bool is_unchanged = word.is_listed() && is_dead(word.owner) &&
                                word.sequence == sought_[slot] && word.lane < queue_.shape().lanes;
      if (is_unchanged) {
        count(QueueRing<A>(queue_, word.ring()).append(slot, word.sequence, rounds_).outcome,
              done_.listed);
      }
    }
  }

  /// The dead may have parked one too many, without so much as moving the tail: that is the only
  /// entry ahead of it.
  void discard_surplus() {
    // acquire: as append(). pairs: queue.position
    const std::uint64_t tail =
        queue_.ring(layout::kParkedRing).tail.load(std::memory_order_acquire);
    // acquire: likewise. pairs: queue.emptied
    const std::uint64_t cell =
        queue_.cell(layout::kParkedRing, tail).load(std::memory_order_acquire);
    const std::uint64_t newest = cell == layout::empty_cell(tail) ? tail - 1 : tail;
    if (discard_parked<A>(queue_, newest, kBroker, rounds_) != Outcome::done) {
      done_.is_corrupt = true;
    }
  }

  static constexpr std::uint16_t kBroker = 0;

  const typename A::Queue& queue_;
  QueueRepairs done_;
  Rounds rounds_;  // For all slots together: a peer that fakes progress holds up every queue.
  std::span<std::uint64_t> sought_;  // The listing of each slot that is still to be found.
};

}  // namespace tenure::sync
