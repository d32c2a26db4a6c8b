// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>

namespace tenure::io {

/// CLOCK_MONOTONIC, which is what Asio's timers run by.
[[nodiscard]] inline std::chrono::nanoseconds monotonic_now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch();
}

/// CLOCK_MONOTONIC_COARSE, by which publishers say when they published.
[[nodiscard]] inline std::chrono::nanoseconds coarse_now() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace tenure::io
