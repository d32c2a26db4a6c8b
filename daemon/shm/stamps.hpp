// SPDX-License-Identifier: Apache-2.0
/// Times that stand in mapped memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace tenure::shm {

/// CLOCK_REALTIME: when a segment was made.
[[nodiscard]] inline std::int64_t realtime_ns() noexcept {
  constexpr std::int64_t nanos_per_second = 1'000'000'000;
  ::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * nanos_per_second + now.tv_nsec;
}

/// How long ago a peer says that something was; 0 if that is still to come. Both are of
/// CLOCK_MONOTONIC_COARSE.
[[nodiscard]] inline std::chrono::milliseconds age_of(std::uint64_t stamp_ns,
                                                      std::chrono::nanoseconds now) noexcept {
  const auto now_ns = static_cast<std::uint64_t>(now.count());
  const std::uint64_t age_ns = stamp_ns < now_ns ? now_ns - stamp_ns : 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(static_cast<std::int64_t>(age_ns)));
}

}  // namespace tenure::shm
