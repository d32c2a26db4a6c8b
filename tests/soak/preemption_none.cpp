// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/preemption.hpp"

namespace tenure::soak {

void provoke_preemption(WorkerBoard& /*worker*/) {
}
void end_preemption() noexcept {
}

}  // namespace tenure::soak
