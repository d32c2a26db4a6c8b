// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace tenure::test {

/// A new seed each time, printed; $TENURE_SEED repeats a run.
[[nodiscard]] inline std::uint64_t random_seed() {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given == nullptr ? std::random_device{}() : std::stoull(given);
  std::cout << "seed: TENURE_SEED=" << seed << "\n";
  return seed;
}

}  // namespace tenure::test
