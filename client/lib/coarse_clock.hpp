// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>

namespace tenure::detail {

/// CLOCK_MONOTONIC_COARSE in ns: a few ms old, and a tenth of the price of the exact one.
[[nodiscard]] inline std::uint64_t coarse_now_ns() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace tenure::detail
