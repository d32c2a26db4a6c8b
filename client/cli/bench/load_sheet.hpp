// SPDX-License-Identifier: Apache-2.0
/// Memory in which the processes of a load share their work and write down what it took.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <tenure/result.hpp>

namespace tenure::cli::bench {

/// Items that are still to be pushed, or popped: whoever comes next takes some of them.
struct alignas(64) Tickets {
  std::atomic<std::int64_t> left{0};
  std::int64_t at_once = 1;

  /// How many the caller may do; 0: that was all.
  [[nodiscard]] std::int64_t take() noexcept {
    // relaxed: a number, nothing travels with it. alone: bench.tickets
    const std::int64_t before = left.fetch_sub(at_once, std::memory_order_relaxed);
    return std::clamp<std::int64_t>(before, 0, at_once);
  }
};

/// What one consumer has seen. It is written before its task is done, and read after that.
struct alignas(64) Seen {
  static constexpr std::size_t kMost = 2048;

  std::int64_t first_ns = 0;  // CLOCK_MONOTONIC; 0: it got nothing.
  std::int64_t last_ns = 0;
  std::size_t latencies = 0;
  std::array<std::int64_t, kMost> latency_ns{};

  void add_latency(std::int64_t ns) noexcept {
    if (latencies < kMost) {
      latency_ns[latencies++] = ns;
    }
  }
};

struct LoadSheet {
  static constexpr std::size_t kMostConsumers = 4;

  Tickets to_push;
  Tickets to_pop;
  std::array<Seen, kMostConsumers> seen;

  struct Unmap {
    void operator()(LoadSheet* sheet) const noexcept;
  };
  using Owner = std::unique_ptr<LoadSheet, Unmap>;
  /// Shared with every process that is forked later. Errors: no_memory
  [[nodiscard]] static Result<Owner> make();
};

}  // namespace tenure::cli::bench
