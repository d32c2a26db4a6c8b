// SPDX-License-Identifier: Apache-2.0
/// Where everything lies in the `head` of a queue: computed alike from its shape by broker and
/// client.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenure/result.hpp>

#include "proto/layout/queue_cell.hpp"

namespace tenure::layout {

/// What the rules of a queue depend on; from the broker's answer, never from mapped memory.
struct QueueShape {
  std::uint32_t slots = 1;           // K, 1..65,535.
  std::uint32_t lanes = 1;           // 1..8.
  std::uint32_t max_deliveries = 0;  // Then a bundle is parked, 0..127; 0: never.
  bool is_repeatable = false;        // What a dead consumer was changing is delivered again.

  [[nodiscard]] constexpr std::size_t rings() const noexcept { return 2 + 2 * std::size_t{lanes}; }
  /// How many bundles may be parked: beyond it the oldest is freed, or they eat the pool.
  [[nodiscard]] constexpr std::uint32_t max_parked() const noexcept {
    return slots == 1 ? 0 : slots < 4 ? 1 : slots / 4;
  }
};

/// fixed part | a line per slot | the cells of each ring.
struct QueuePlan {
  RingCapacity capacity;  // Above K: a dead taker may leave one stale cell at the head.
  std::uint64_t slots_offset_bytes;
  std::uint64_t cells_offset_bytes;  // Of ring 0; one ring lies behind the other.
  std::uint64_t head_bytes;          // Of all, before rounding up to pages.
};

/// Errors: bad_request  slots, lanes or max_deliveries out of range; the detail names it
[[nodiscard]] Result<QueuePlan> plan_queue(const QueueShape& shape);

}  // namespace tenure::layout
