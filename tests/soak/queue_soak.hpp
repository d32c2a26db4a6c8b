// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/soak/soak_options.hpp"

namespace tenure::soak {

/// Rounds of queues: calm ones until 20 million bundles were delivered, then a minute each under
/// faults without and with a limit of deliveries. A length that is given is divided among the
/// three.
[[nodiscard]] Outcome soak_queues(const SoakOptions& options);

}  // namespace tenure::soak
