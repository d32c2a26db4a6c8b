// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/core/segment.hpp"
#include "daemon/core/types.hpp"

namespace tenure::core {

/// Whether `who` may have such a role of the segment at all, whoever else has one.
///
/// Errors: unsupported  a role of another kind;  denied  the rights, as there are and as needed
///         bad_request  a lane that the queue has not
[[nodiscard]] std::optional<Error> check_admission(const Identity& who,
                                                   const Segment& segment,
                                                   const wire::Open& request);

}  // namespace tenure::core
