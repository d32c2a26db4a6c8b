// SPDX-License-Identifier: Apache-2.0
/// Preemption in the places where it matters: inside the wake-up, the claim, a hold. One of two
/// files implements it, with the library that has steps or the one that has none.
#pragma once

#include "tests/soak/board.hpp"

namespace tenure::soak {

/// From now on this process yields, stops and dies before accesses of shared memory as `worker`
/// says.
void provoke_preemption(WorkerBoard& worker);
/// For a forked child: it is not stopped, for nobody would let it go on.
void end_preemption() noexcept;

}  // namespace tenure::soak
