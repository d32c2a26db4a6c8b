// SPDX-License-Identifier: Apache-2.0
/// A cell of a ring of slot numbers: empty for a position, or full with a slot.
#pragma once

#include <bit>
#include <cstdint>

namespace tenure::layout {

inline constexpr std::uint64_t kFullBit = std::uint64_t{1} << 63U;
inline constexpr std::uint64_t kTurnMask = 0xfff;

/// Cells of one ring: a power of two, so that positions wrap by themselves.
struct RingCapacity {
  std::uint32_t cells = 1;

  [[nodiscard]] constexpr std::uint64_t index(std::uint64_t position) const noexcept {
    return position & (cells - 1);
  }
  /// How often a position has been all around, as far as a cell remembers.
  [[nodiscard]] constexpr std::uint64_t turn(std::uint64_t position) const noexcept {
    return position >> static_cast<unsigned>(std::countr_zero(cells)) & kTurnMask;
  }
};

/// 0 | position 63.
[[nodiscard]] constexpr std::uint64_t empty_cell(std::uint64_t position) noexcept {
  return position & ~kFullBit;
}
[[nodiscard]] constexpr bool is_full(std::uint64_t cell) noexcept {
  return (cell & kFullBit) != 0;
}

/// 1 | turn 12 | slot 16 | sequence 35: that listing of the slot stands here.
struct FullCell {
  std::uint64_t turn = 0;
  std::uint32_t slot = 0;
  std::uint64_t sequence = 0;

  [[nodiscard]] static constexpr FullCell unpack(std::uint64_t cell) noexcept {
    return {.turn = cell >> kTurnShift & kTurnMask,
            .slot = static_cast<std::uint32_t>(cell >> kSlotShift & 0xffff),
            .sequence = cell & ((std::uint64_t{1} << kSlotShift) - 1)};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return kFullBit | turn << kTurnShift | std::uint64_t{slot} << kSlotShift | sequence;
  }
  friend constexpr bool operator==(const FullCell&, const FullCell&) = default;

 private:
  static constexpr unsigned kTurnShift = 51;
  static constexpr unsigned kSlotShift = 35;
};

}  // namespace tenure::layout
