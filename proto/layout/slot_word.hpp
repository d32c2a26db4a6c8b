// SPDX-License-Identifier: Apache-2.0
/// The two packed words of a topic: what a slot holds, and which slot is the newest.
#pragma once

#include <cstdint>

namespace tenure::layout {

inline constexpr unsigned kVersionShift = 6;
inline constexpr std::uint64_t kMaxVersion = (std::uint64_t{1} << 58U) - 1;
inline constexpr std::uint64_t kLowMask = 63;

/// What a slot is doing.
enum class Phase : std::uint8_t { free = 0, claimed = 1, writing = 2, ready = 3, poisoned = 4 };

/// version 58 | phase 6.
struct SlotWord {
  std::uint64_t version = 0;
  Phase phase = Phase::free;

  [[nodiscard]] static constexpr SlotWord unpack(std::uint64_t word) noexcept {
    return {word >> kVersionShift, static_cast<Phase>(word & kLowMask)};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return version << kVersionShift | static_cast<std::uint64_t>(phase);
  }
  friend constexpr bool operator==(const SlotWord&, const SlotWord&) = default;
};

/// version 58 | slot 6; 0: nothing published yet.
struct Latest {
  std::uint64_t version = 0;
  std::uint32_t slot = 0;

  [[nodiscard]] static constexpr Latest unpack(std::uint64_t word) noexcept {
    return {word >> kVersionShift, static_cast<std::uint32_t>(word & kLowMask)};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return version << kVersionShift | slot;
  }
  friend constexpr bool operator==(const Latest&, const Latest&) = default;
};

}  // namespace tenure::layout
