// SPDX-License-Identifier: Apache-2.0
/// How much memory this process may lock, for the error texts of pinning.
#pragma once

#include <string>

#include <tenure/result.hpp>

namespace tenure::detail {

/// `no_memory`: what was refused and why, then the limit, what is locked already, and the remedy.
[[nodiscard]] Error memlock_error(const std::string& refused, int sys_errno);

}  // namespace tenure::detail
