// SPDX-License-Identifier: Apache-2.0
/// `head` of a queue: constants, who waits, the positions of the rings. A line per slot follows it,
/// then the cells of the rings; queue_plan.hpp says where.
///
/// Mapped read-write by every participant and the broker: nothing here is trusted. A liar among
/// them can lose, repeat or reorder bundles and delay wake-ups; he cannot make anybody read or
/// write a wrong address, nor run for ever. A client takes every constant from the broker's answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "proto/layout/constants.hpp"
#include "proto/layout/std_atomic.hpp"

namespace tenure::layout {

inline constexpr std::size_t kMaxRings = 2 + 2 * kMaxLanes;
inline constexpr std::size_t kMaxQueueWaits = 2 + kMaxLanes;

/// Constants, written by the broker before anybody else maps them. As far as a topic has the same,
/// at the same place.
template <template <class> class Atomic>
struct QueueConstantsOf {
  Atomic<std::uint64_t> magic;            //   0: broker, last and by release: the rest is there.
  std::uint32_t layout_version;           //   8: kLayoutVersion.
  std::uint32_t kind;                     //  12: 1.
  std::uint32_t compat;                   //  16: feature bits that may be ignored.
  std::uint32_t ro_compat;                //  20: feature bits that a writer must know.
  std::uint32_t incompat;                 //  24: feature bits that everybody must know.
  std::uint32_t page_bytes;               //  28: of the machine that made it.
  std::uint64_t segment_id;               //  32
  std::uint64_t incarnation;              //  40
  std::uint32_t slot_count;               //  48: K, 1..65,535.
  std::uint32_t lane_count;               //  52: 1..8.
  std::uint64_t slot_stride_bytes;        //  56: from one slot to the next in `data`.
  std::int64_t created_ns;                //  64: CLOCK_REALTIME.
  std::uint32_t ring_cells;               //  72: C, cells of each ring; a power of two above K.
  std::uint32_t max_deliveries;           //  76: then a bundle is parked; 0: never.
  std::uint32_t tensor_count;             //  80
  std::uint32_t attribute_bytes;          //  84: room for a note.
  std::uint32_t when_full;                //  88: 0 wait, 1 drop_oldest.
  std::uint32_t consume;                  //  92: 0 read, 1 in_place, 2 repeatable.
  std::array<std::uint8_t, 32> reserved;  //  96: zero.
};

/// The line that every operation reads, and that hardly ever changes.
template <template <class> class Atomic>
struct QueueStateOf {
  Atomic<std::uint32_t> ended;            // 0: producer. Non-zero: no bundle is pushed any more.
  Atomic<std::uint32_t> superseded;       // 4: broker. Non-zero: re-open by name.
  std::array<std::uint8_t, 56> reserved;  // 8: zero.
};

/// What positions do not tell. Counted by whoever does it, for people.
template <template <class> class Atomic>
struct QueueCountersOf {
  Atomic<std::uint64_t> dropped;          //  0: the oldest of a lane, to make room for a draft.
  Atomic<std::uint64_t> discarded;        //  8: parked bundles that were freed: too many.
  Atomic<std::uint64_t> cancelled;        // 16: drafts that were given up.
  std::array<std::uint8_t, 40> reserved;  // 24: zero.
};

/// Who waits for something of a ring. layout::Waiting.
template <template <class> class Atomic>
struct QueueWaitOf {
  Atomic<std::uint32_t> bell;             //  0: wakers. One more at each wake; futex word.
  Atomic<std::uint32_t> poll_bell;        //  4: wakers. The same for those who poll.
  Atomic<std::uint64_t> waiting;          //  8: epoch 32 | sleepers 16 | pollers 16.
  Atomic<std::uint64_t> wakes;            // 16: wakers. For people.
  std::array<std::uint8_t, 40> reserved;  // 24: zero.
};

/// Positions of a ring: those who append and those who take do not meet.
template <template <class> class Atomic>
struct QueueRingOf {
  Atomic<std::uint64_t> head;               //  0: takers. Where the next is taken from.
  std::array<std::uint8_t, 56> reserved_a;  //  8: zero.
  Atomic<std::uint64_t> tail;               // 64: whoever appends. Where the next is appended.
  std::array<std::uint8_t, 56> reserved_b;  // 72: zero.
};

/// A line of its own per slot.
template <template <class> class Atomic>
struct QueueSlotOf {
  Atomic<std::uint64_t> word;             //  0: everybody. layout::QueueWord.
  Atomic<std::uint64_t> pushed_ns;        //  8: producer. CLOCK_MONOTONIC_COARSE, for people.
  std::array<std::uint8_t, 48> reserved;  // 16: zero.
};

/// The fixed part: 3,200 bytes.
template <template <class> class Atomic>
struct QueueHeadOf {
  QueueConstantsOf<Atomic> constants;                     //   0
  QueueStateOf<Atomic> state;                             // 128
  QueueCountersOf<Atomic> counters;                       // 192
  std::array<QueueWaitOf<Atomic>, kMaxQueueWaits> waits;  // 256: RingName::wait_index().
  std::array<QueueRingOf<Atomic>, kMaxRings> rings;       // 896: RingName::index().
};

using QueueHead = QueueHeadOf<StdAtomic>;

using QueueConstants = QueueConstantsOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueConstants> && sizeof(QueueConstants) == 128);
static_assert(offsetof(QueueConstants, magic) == 0);
static_assert(offsetof(QueueConstants, layout_version) == 8);
static_assert(offsetof(QueueConstants, kind) == 12);
static_assert(offsetof(QueueConstants, compat) == 16);
static_assert(offsetof(QueueConstants, ro_compat) == 20);
static_assert(offsetof(QueueConstants, incompat) == 24);
static_assert(offsetof(QueueConstants, page_bytes) == 28);
static_assert(offsetof(QueueConstants, segment_id) == 32);
static_assert(offsetof(QueueConstants, incarnation) == 40);
static_assert(offsetof(QueueConstants, slot_count) == 48);
static_assert(offsetof(QueueConstants, lane_count) == 52);
static_assert(offsetof(QueueConstants, slot_stride_bytes) == 56);
static_assert(offsetof(QueueConstants, created_ns) == 64);
static_assert(offsetof(QueueConstants, ring_cells) == 72);
static_assert(offsetof(QueueConstants, max_deliveries) == 76);
static_assert(offsetof(QueueConstants, tensor_count) == 80);
static_assert(offsetof(QueueConstants, attribute_bytes) == 84);
static_assert(offsetof(QueueConstants, when_full) == 88);
static_assert(offsetof(QueueConstants, consume) == 92);
static_assert(offsetof(QueueConstants, reserved) == 96);

using QueueState = QueueStateOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueState> && sizeof(QueueState) == kLineBytes);
static_assert(offsetof(QueueState, ended) == 0);
static_assert(offsetof(QueueState, superseded) == 4);
static_assert(offsetof(QueueState, reserved) == 8);

using QueueCounters = QueueCountersOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueCounters> && sizeof(QueueCounters) == kLineBytes);
static_assert(offsetof(QueueCounters, dropped) == 0);
static_assert(offsetof(QueueCounters, discarded) == 8);
static_assert(offsetof(QueueCounters, cancelled) == 16);
static_assert(offsetof(QueueCounters, reserved) == 24);

using QueueWait = QueueWaitOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueWait> && sizeof(QueueWait) == kLineBytes);
static_assert(offsetof(QueueWait, bell) == 0);
static_assert(offsetof(QueueWait, poll_bell) == 4);
static_assert(offsetof(QueueWait, waiting) == 8);
static_assert(offsetof(QueueWait, wakes) == 16);
static_assert(offsetof(QueueWait, reserved) == 24);

using QueueRing = QueueRingOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueRing> && sizeof(QueueRing) == 2 * kLineBytes);
static_assert(offsetof(QueueRing, head) == 0);
static_assert(offsetof(QueueRing, reserved_a) == 8);
static_assert(offsetof(QueueRing, tail) == 64);
static_assert(offsetof(QueueRing, reserved_b) == 72);

using QueueSlot = QueueSlotOf<StdAtomic>;
static_assert(std::is_standard_layout_v<QueueSlot> && sizeof(QueueSlot) == kLineBytes);
static_assert(offsetof(QueueSlot, word) == 0);
static_assert(offsetof(QueueSlot, pushed_ns) == 8);
static_assert(offsetof(QueueSlot, reserved) == 16);

static_assert(StdAtomic<std::uint64_t>::is_always_lock_free);
static_assert(StdAtomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(StdAtomic<std::uint64_t>) == 8 && sizeof(StdAtomic<std::uint32_t>) == 4);

static_assert(std::is_standard_layout_v<QueueHead> && sizeof(QueueHead) == 3200);
static_assert(offsetof(QueueHead, constants) == 0);
static_assert(offsetof(QueueHead, state) == 128);
static_assert(offsetof(QueueHead, counters) == 192);
static_assert(offsetof(QueueHead, waits) == 256);
static_assert(offsetof(QueueHead, rings) == 896);

}  // namespace tenure::layout
