// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tenure::sync {

/// Bounds loops on positions that a peer may write. Honest processes were never seen to need three
/// rounds at one position; a peer that fakes progress is stopped by the total.
class Rounds {
 public:
  /// For one loop.
  Rounds() = default;
  /// For all loops of whoever appends and takes up to `slots` entries in a row.
  explicit Rounds(std::uint32_t slots) noexcept
      : left_(kMost + std::uint64_t{kMostAtPosition} * slots) {}

  /// Another loop begins.
  void begin() noexcept { at_position_ = 0; }
  /// Whether one more round may be made, now at `position`.
  [[nodiscard]] bool may_try(std::uint64_t position) noexcept {
    at_position_ = at_position_ != 0 && position == position_ ? at_position_ + 1 : 1;
    position_ = position;
    if (at_position_ > kMostAtPosition || left_ == 0) {
      return false;
    }
    --left_;
    return true;
  }

 private:
  static constexpr std::uint32_t kMostAtPosition = 16;
  static constexpr std::uint32_t kMost = 1U << 14U;

  std::uint64_t position_ = 0;
  std::uint32_t at_position_ = 0;
  std::uint64_t left_ = kMost;
};

}  // namespace tenure::sync
