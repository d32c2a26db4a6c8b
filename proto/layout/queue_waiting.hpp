// SPDX-License-Identifier: Apache-2.0
/// The word that says how many wait for a ring.
#pragma once

#include <cstdint>

namespace tenure::layout {

/// epoch 32 | sleepers 16 | pollers 16.
struct Waiting {
  std::uint32_t epoch = 0;  // One more each time that the broker voids the counts of before.
  std::uint16_t sleepers = 0;
  std::uint16_t pollers = 0;

  [[nodiscard]] static constexpr Waiting unpack(std::uint64_t word) noexcept {
    return {.epoch = static_cast<std::uint32_t>(word >> kEpochShift),
            .sleepers = static_cast<std::uint16_t>(word >> kSleepersShift),
            .pollers = static_cast<std::uint16_t>(word)};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return std::uint64_t{epoch} << kEpochShift | std::uint64_t{sleepers} << kSleepersShift |
           pollers;
  }
  friend constexpr bool operator==(const Waiting&, const Waiting&) = default;

 private:
  static constexpr unsigned kEpochShift = 32;
  static constexpr unsigned kSleepersShift = 16;
};

}  // namespace tenure::layout
