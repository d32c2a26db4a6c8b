// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/soak/soak_options.hpp"

namespace tenure::soak {

/// Rounds of buffers under faults until the time is over, enough was done, or the process is
/// interrupted.
[[nodiscard]] Outcome soak_regions(const SoakOptions& options);

}  // namespace tenure::soak
