// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace tenure::soak {

struct SoakOptions {
  std::chrono::seconds length{60};
  bool is_length_given = false;
  std::uint64_t seed = 0;
  std::uint32_t workers = 0;  ///< Regions: in each round; 0: as many as the seed says.
  /// Regions: it ends after so many borrows, freezes, transfers and releases; 0: by its length.
  std::uint64_t handovers = 0;
};

struct Outcome {
  std::uint64_t operations = 0;
  std::uint64_t violations = 0;
};

}  // namespace tenure::soak
