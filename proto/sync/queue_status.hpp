// SPDX-License-Identifier: Apache-2.0
/// What the broker reads of a queue for people.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/layout/constants.hpp"
#include "proto/layout/queue_waiting.hpp"
#include "proto/layout/queue_word.hpp"
#include "proto/sync/atomics.hpp"

namespace tenure::sync {

/// One lane.
struct LaneStatus {
  std::uint32_t depth = 0;        // Bundles that wait for a consumer, redeliveries among them.
  std::uint32_t again = 0;        // Redeliveries among them.
  std::uint32_t taken = 0;        // In the hands of consumers.
  std::uint64_t queued = 0;       // Ever pushed or passed on to it.
  std::uint64_t redelivered = 0;  // Ever given back to it.
  std::uint64_t popped = 0;       // Ever popped or dropped from it.
  std::uint64_t oldest_ns = 0;    // When the oldest that waits was pushed; 0: none waits.
  std::uint32_t sleepers = 0;
  std::uint32_t pollers = 0;
  std::uint64_t wakes = 0;
};

/// What one session has in its hands, in slots.
struct HolderStatus {
  std::uint16_t owner = 0;  // Session index.
  std::uint32_t filling = 0;
  std::uint32_t taken = 0;
  std::uint32_t examined = 0;

  friend bool operator==(const HolderStatus&, const HolderStatus&) = default;
};

/// As it was during the call; a peer may have written any of it.
struct QueueStatus {
  std::uint32_t free = 0;
  std::uint32_t parked = 0;
  std::uint32_t poisoned = 0;
  std::uint64_t set_aside = 0;  // Ever parked or poisoned, also repeatedly.
  std::uint64_t acked = 0;
  std::uint64_t dropped = 0;
  std::uint64_t discarded = 0;
  std::uint64_t cancelled = 0;
  std::uint32_t ended = 0;
  std::vector<LaneStatus> lanes;
  std::vector<HolderStatus> holders;  // By owner.
};

/// Adds a slot to what its lane has.
template <class Slot>
void count_in_lane(LaneStatus& lane, const layout::QueueWord& word, const Slot& slot) noexcept {
  if (word.phase == layout::QueuePhase::taken || word.phase == layout::QueuePhase::changing) {
    ++lane.taken;
    return;
  }
  ++lane.depth;
  lane.again += word.phase == layout::QueuePhase::again ? 1U : 0U;
  // relaxed: a figure for people. alone: queue.status
  const std::uint64_t pushed_ns = slot.pushed_ns.load(std::memory_order_relaxed);
  lane.oldest_ns = lane.oldest_ns == 0 ? pushed_ns : std::min(lane.oldest_ns, pushed_ns);
}

/// Adds a slot to what its owner has, if the word says that somebody holds it.
inline void count_held(std::vector<HolderStatus>& holders, const layout::QueueWord& word) {
  using layout::QueuePhase;
  const bool is_filling = word.phase == QueuePhase::filling;
  const bool is_taken = word.phase == QueuePhase::taken || word.phase == QueuePhase::changing;
  const bool is_examined =
      word.phase == QueuePhase::examined || word.phase == QueuePhase::examined_poisoned;
  if (!is_filling && !is_taken && !is_examined) {
    return;
  }
  auto at = std::ranges::lower_bound(holders, word.owner, {}, &HolderStatus::owner);
  if (at == holders.end() || at->owner != word.owner) {
    at = holders.insert(at, {.owner = word.owner});
  }
  at->filling += is_filling ? 1U : 0U;
  at->taken += is_taken ? 1U : 0U;
  at->examined += is_examined ? 1U : 0U;
}

template <class A = StdAtomics>
void read_lane(const typename A::Queue& queue, std::size_t index, LaneStatus& lane) noexcept {
  const auto& first = queue.ring(layout::lane_ring(index));
  const auto& again = queue.ring(layout::again_ring(index));
  const auto& line = queue.wait(layout::lane_ring(index));
  // Every load: relaxed, figures for people; nothing is read on the strength of them.
  // alone: queue.status
  lane.queued = first.tail.load(std::memory_order_relaxed);
  lane.redelivered = again.tail.load(std::memory_order_relaxed);
  lane.popped =
      first.head.load(std::memory_order_relaxed) + again.head.load(std::memory_order_relaxed);
  const auto waiting = layout::Waiting::unpack(line.waiting.load(std::memory_order_relaxed));
  lane.sleepers = waiting.sleepers;
  lane.pollers = waiting.pollers;
  lane.wakes = line.wakes.load(std::memory_order_relaxed);
}

/// What was counted since the start.
template <class A = StdAtomics>
void read_queue_sums(const typename A::Queue& queue, QueueStatus& status) noexcept {
  // Every load: relaxed, figures for people. alone: queue.status
  status.dropped = queue.counters().dropped.load(std::memory_order_relaxed);
  status.discarded = queue.counters().discarded.load(std::memory_order_relaxed);
  status.cancelled = queue.counters().cancelled.load(std::memory_order_relaxed);
  status.set_aside = queue.ring(layout::kParkedRing).tail.load(std::memory_order_relaxed);
  status.ended = queue.state().ended.load(std::memory_order_relaxed);
  // All slots were listed as free when the queue was made; whatever came since was one of three.
  const std::uint64_t freed =
      queue.ring(layout::kFreeRing).tail.load(std::memory_order_relaxed) - queue.shape().slots;
  const std::uint64_t unread = status.discarded + status.cancelled;
  status.acked = freed > unread ? freed - unread : 0;
}

/// Counts by the words, each loaded once; sums since the start by the positions of the rings.
template <class A = StdAtomics>
[[nodiscard]] QueueStatus read_queue_status(const typename A::Queue& queue) {
  QueueStatus status;
  status.lanes.resize(queue.shape().lanes);
  for (std::size_t i = 0; i < queue.shape().slots; ++i) {
    const auto& slot = queue.slot(i);
    // relaxed: as above. alone: queue.status
    const auto word = layout::QueueWord::unpack(slot.word.load(std::memory_order_relaxed));
    count_held(status.holders, word);
    switch (word.phase) {
      case layout::QueuePhase::free:
        ++status.free;
        break;
      case layout::QueuePhase::parked:
        ++status.parked;
        break;
      case layout::QueuePhase::poisoned:
        ++status.poisoned;
        break;
      case layout::QueuePhase::queued:
      case layout::QueuePhase::again:
      case layout::QueuePhase::taken:
      case layout::QueuePhase::changing:
        if (word.lane < status.lanes.size()) {
          count_in_lane(status.lanes[word.lane], word, slot);
        }
        break;
      default:
        break;
    }
  }
  for (std::size_t lane = 0; lane < status.lanes.size(); ++lane) {
    read_lane<A>(queue, lane, status.lanes[lane]);
  }
  read_queue_sums<A>(queue, status);
  return status;
}

}  // namespace tenure::sync
