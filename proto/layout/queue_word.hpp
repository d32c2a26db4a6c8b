// SPDX-License-Identifier: Apache-2.0
/// The word of a queue's slot: whose duty the slot is, and which ring lists it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/layout/constants.hpp"

namespace tenure::layout {

/// What a slot is doing. A phase from `queued` on names a lane in its lowest three bits.
enum class QueuePhase : std::uint8_t {
  free = 0,
  filling = 1,            // Its owner may write: a draft, or a bundle about to be freed.
  examined_poisoned = 2,  // Taken from the parked ring, poisoned.
  queued = 8,             // In the ring of its lane.
  again = 16,             // In the lane's ring of redeliveries.
  parked = 24,            // In the parked ring.
  poisoned = 32,          // In the parked ring; whoever changed it died half-way.
  taken = 40,             // By a consumer of the lane.
  changing = 48,          // Taken, and written in place.
  examined = 56,          // Taken from the parked ring.
};

/// One of a queue's rings of slot numbers.
struct RingName {
  enum class Kind : std::uint8_t { free, parked, lane, again };

  Kind kind = Kind::free;
  std::uint8_t lane = 0;

  /// Where its positions and cells lie: free, parked, then lane and again of each lane.
  [[nodiscard]] constexpr std::size_t index() const noexcept {
    const std::size_t pair = 2 + 2 * std::size_t{lane};
    switch (kind) {
      case Kind::free:
        return 0;
      case Kind::parked:
        return 1;
      case Kind::lane:
        return pair;
      case Kind::again:
        break;
    }
    return pair + 1;
  }
  /// Where those wait who want something of it; a lane and its redeliveries wake the same ones.
  [[nodiscard]] constexpr std::size_t wait_index() const noexcept {
    return kind == Kind::free || kind == Kind::parked ? index() : 2 + std::size_t{lane};
  }
  friend constexpr bool operator==(const RingName&, const RingName&) = default;
};

inline constexpr RingName kFreeRing{.kind = RingName::Kind::free, .lane = 0};
inline constexpr RingName kParkedRing{.kind = RingName::Kind::parked, .lane = 0};

[[nodiscard]] constexpr RingName lane_ring(std::size_t lane) noexcept {
  return {.kind = RingName::Kind::lane, .lane = static_cast<std::uint8_t>(lane)};
}
[[nodiscard]] constexpr RingName again_ring(std::size_t lane) noexcept {
  return {.kind = RingName::Kind::again, .lane = static_cast<std::uint8_t>(lane)};
}

inline constexpr std::uint64_t kSequenceMask = (std::uint64_t{1} << 35U) - 1;

/// phase 6 | deliveries 7 | owner 16 | sequence 35. 0 is a word like any other.
struct QueueWord {
  QueuePhase phase = QueuePhase::free;
  std::uint8_t lane = 0;
  std::uint8_t deliveries = 0;
  std::uint16_t owner = 0;     // Session index; 0: the broker.
  std::uint64_t sequence = 0;  // One more each time that the slot is listed.

  [[nodiscard]] static constexpr QueueWord unpack(std::uint64_t word) noexcept {
    const auto code = static_cast<std::uint8_t>(word >> kPhaseShift);
    const bool has_lane = code >= kMaxLanes;
    return {.phase = static_cast<QueuePhase>(has_lane ? code & ~kLaneMask : code),
            .lane = static_cast<std::uint8_t>(has_lane ? code & kLaneMask : 0),
            .deliveries = static_cast<std::uint8_t>(word >> kDeliveriesShift & kMaxDeliveries),
            .owner = static_cast<std::uint16_t>(word >> kOwnerShift),
            .sequence = word & kSequenceMask};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return (static_cast<std::uint64_t>(phase) | lane) << kPhaseShift |
           std::uint64_t{deliveries} << kDeliveriesShift | std::uint64_t{owner} << kOwnerShift |
           sequence;
  }

  /// The same slot, next time that it is listed.
  [[nodiscard]] constexpr std::uint64_t next_sequence() const noexcept {
    return (sequence + 1) & kSequenceMask;
  }
  /// Whether it stands in a ring, or is about to.
  [[nodiscard]] constexpr bool is_listed() const noexcept {
    return phase == QueuePhase::free || phase == QueuePhase::queued || phase == QueuePhase::again ||
           phase == QueuePhase::parked || phase == QueuePhase::poisoned;
  }
  /// The ring of a word that is_listed().
  [[nodiscard]] constexpr RingName ring() const noexcept {
    switch (phase) {
      case QueuePhase::queued:
        return lane_ring(lane);
      case QueuePhase::again:
        return again_ring(lane);
      case QueuePhase::parked:
      case QueuePhase::poisoned:
        return kParkedRing;
      default:
        return kFreeRing;
    }
  }
  friend constexpr bool operator==(const QueueWord&, const QueueWord&) = default;

 private:
  static constexpr unsigned kPhaseShift = 58;
  static constexpr unsigned kDeliveriesShift = 51;
  static constexpr unsigned kOwnerShift = 35;
  static constexpr std::uint8_t kLaneMask = kMaxLanes - 1;
};

}  // namespace tenure::layout
