// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace tenure::soak {

struct SoakOptions {
  std::chrono::seconds length{60};
  std::uint64_t seed = 0;
};

struct Outcome {
  std::uint64_t operations = 0;
  std::uint64_t violations = 0;
};

/// Rounds of topics under faults until the time is over or the process is interrupted.
[[nodiscard]] Outcome soak_topics(const SoakOptions& options);

}  // namespace tenure::soak
