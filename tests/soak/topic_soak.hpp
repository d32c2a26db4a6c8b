// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/soak/soak_options.hpp"

namespace tenure::soak {

/// Rounds of topics under faults until the time is over or the process is interrupted.
[[nodiscard]] Outcome soak_topics(const SoakOptions& options);

}  // namespace tenure::soak
