// SPDX-License-Identifier: Apache-2.0
/// `head` of a topic: constants, the newest version, a line per slot.
///
/// Mapped read-write by the publisher and the broker, read-only by everybody else. A client takes
/// every constant from the broker's answer; what stands here is only compared with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "proto/layout/constants.hpp"
#include "proto/layout/std_atomic.hpp"

namespace tenure::layout {

/// Constants at fixed offsets, written by the broker before anybody else maps them.
template <template <class> class Atomic>
struct HeadConstantsOf {
  Atomic<std::uint64_t> magic;            //   0: broker, last and by release: the rest is there.
  std::uint32_t layout_version;           //   8: kLayoutVersion.
  std::uint32_t kind;                     //  12: 0 topic, 1 queue, 2 buffer.
  std::uint32_t compat;                   //  16: feature bits that may be ignored.
  std::uint32_t ro_compat;                //  20: feature bits that a writer must know.
  std::uint32_t incompat;                 //  24: feature bits that everybody must know.
  std::uint32_t page_bytes;               //  28: of the machine that made it.
  std::uint64_t segment_id;               //  32
  std::uint64_t incarnation;              //  40
  std::uint32_t slot_count;               //  48: K, 1..64.
  std::uint32_t subscriber_entries;       //  52: lines for subscribers in `bell`.
  std::uint64_t slot_stride_bytes;        //  56: from one slot to the next in `data`.
  std::int64_t created_ns;                //  64: CLOCK_REALTIME.
  std::uint32_t retention;                //  72: 0 overwrite, 1 lossless.
  std::uint32_t lag_limit_ms;             //  76: of the entries named in `limited`; 0: none.
  std::uint32_t tensor_count;             //  80
  std::uint32_t attribute_bytes;          //  84: room for a note.
  std::array<std::uint8_t, 40> reserved;  //  88: zero.
};

/// The line that every operation reads.
template <template <class> class Atomic>
struct LatestLineOf {
  Atomic<std::uint64_t> latest;           //  0: publisher (broker: repair). layout::Latest.
  Atomic<std::uint32_t> superseded;       //  8: broker. Non-zero: re-open by name.
  std::uint32_t reserved_a;               // 12: zero.
  Atomic<std::uint64_t> published_ns;     // 16: publisher. CLOCK_MONOTONIC_COARSE of `latest`.
  std::array<std::uint8_t, 40> reserved;  // 24: zero.
};

/// The futex word that waiting readers sleep on, and what the publisher counts.
template <template <class> class Atomic>
struct WakeLineOf {
  Atomic<std::uint32_t> wake;             //  0: publisher, broker. One more at each ring.
  std::uint32_t reserved_a;               //  4: zero.
  Atomic<std::uint64_t> wakes;            //  8: publisher. Rings, as it says.
  Atomic<std::uint64_t> published_bytes;  // 16: publisher. Tensor bytes, as it says.
  std::array<std::uint8_t, 40> reserved;  // 24: zero.
};

/// A line of its own per slot word: readers of different slots do not meet.
template <template <class> class Atomic>
struct SlotLineOf {
  Atomic<std::uint64_t> word;             // 0: publisher (broker: repair). layout::SlotWord.
  std::array<std::uint8_t, 56> reserved;  // 8: zero.
};

/// The whole of `head`: 4,736 bytes, so two pages of 4 KiB.
template <template <class> class Atomic>
struct TopicHeadOf {
  HeadConstantsOf<Atomic> constants;                          //    0
  LatestLineOf<Atomic> newest;                                //  128
  WakeLineOf<Atomic> bell;                                    //  192
  std::array<Atomic<std::uint64_t>, kEntryWords> registered;  //  256: broker. Entries in use.
  std::array<Atomic<std::uint64_t>, kEntryWords> limited;     //  384: broker. Under lag_limit_ms.
  std::array<SlotLineOf<Atomic>, kMaxSlots> slots;            //  512
};

using TopicHead = TopicHeadOf<StdAtomic>;

inline constexpr std::size_t kTopicHeadBytes = 8192;

static_assert(StdAtomic<std::uint64_t>::is_always_lock_free);
static_assert(StdAtomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(StdAtomic<std::uint64_t>) == 8 && sizeof(StdAtomic<std::uint32_t>) == 4);

using HeadConstants = HeadConstantsOf<StdAtomic>;
static_assert(std::is_standard_layout_v<HeadConstants> && sizeof(HeadConstants) == 128);
static_assert(offsetof(HeadConstants, magic) == 0);
static_assert(offsetof(HeadConstants, layout_version) == 8);
static_assert(offsetof(HeadConstants, kind) == 12);
static_assert(offsetof(HeadConstants, compat) == 16);
static_assert(offsetof(HeadConstants, ro_compat) == 20);
static_assert(offsetof(HeadConstants, incompat) == 24);
static_assert(offsetof(HeadConstants, page_bytes) == 28);
static_assert(offsetof(HeadConstants, segment_id) == 32);
static_assert(offsetof(HeadConstants, incarnation) == 40);
static_assert(offsetof(HeadConstants, slot_count) == 48);
static_assert(offsetof(HeadConstants, subscriber_entries) == 52);
static_assert(offsetof(HeadConstants, slot_stride_bytes) == 56);
static_assert(offsetof(HeadConstants, created_ns) == 64);
static_assert(offsetof(HeadConstants, retention) == 72);
static_assert(offsetof(HeadConstants, lag_limit_ms) == 76);
static_assert(offsetof(HeadConstants, tensor_count) == 80);
static_assert(offsetof(HeadConstants, attribute_bytes) == 84);
static_assert(offsetof(HeadConstants, reserved) == 88);

using LatestLine = LatestLineOf<StdAtomic>;
static_assert(std::is_standard_layout_v<LatestLine> && sizeof(LatestLine) == kLineBytes);
static_assert(offsetof(LatestLine, latest) == 0);
static_assert(offsetof(LatestLine, superseded) == 8);
static_assert(offsetof(LatestLine, reserved_a) == 12);
static_assert(offsetof(LatestLine, published_ns) == 16);
static_assert(offsetof(LatestLine, reserved) == 24);

using WakeLine = WakeLineOf<StdAtomic>;
static_assert(std::is_standard_layout_v<WakeLine> && sizeof(WakeLine) == kLineBytes);
static_assert(offsetof(WakeLine, wake) == 0);
static_assert(offsetof(WakeLine, reserved_a) == 4);
static_assert(offsetof(WakeLine, wakes) == 8);
static_assert(offsetof(WakeLine, published_bytes) == 16);
static_assert(offsetof(WakeLine, reserved) == 24);

using SlotLine = SlotLineOf<StdAtomic>;
static_assert(std::is_standard_layout_v<SlotLine> && sizeof(SlotLine) == kLineBytes);
static_assert(offsetof(SlotLine, word) == 0);
static_assert(offsetof(SlotLine, reserved) == 8);

static_assert(std::is_standard_layout_v<TopicHead> && sizeof(TopicHead) == 512 + 64 * kMaxSlots);
static_assert(sizeof(TopicHead) <= kTopicHeadBytes);
static_assert(offsetof(TopicHead, constants) == 0);
static_assert(offsetof(TopicHead, newest) == 128);
static_assert(offsetof(TopicHead, bell) == 192);
static_assert(offsetof(TopicHead, registered) == 256);
static_assert(offsetof(TopicHead, limited) == 384);
static_assert(offsetof(TopicHead, slots) == 512);

}  // namespace tenure::layout
