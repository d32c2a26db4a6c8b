// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tenure::soak {

/// splitmix64 (Steele, Lea, Flood, 2014): the same numbers for the same seed, everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E37'79B9'7F4A'7C15U);
    z = (z ^ z >> 30U) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ z >> 27U) * 0x94D0'49BB'1331'11EBU;
    return z ^ z >> 31U;
  }
  /// 0 .. bound - 1; bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// low .. high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
  }
  bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace tenure::soak
