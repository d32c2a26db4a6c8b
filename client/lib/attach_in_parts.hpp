// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tenure/token.hpp>

#include "client/lib/session.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// Takes the pieces of one answer, which all lie in `part` and have their fds; under the fork lock.
using TakePieces = std::function<Result<void>(
    const wire::Attached& attached, const Region& part, std::vector<os::UniqueFd>& fds)>;

/// Asks for the pages of a token from `request.from_bytes` to `end_bytes`, in as many answers as
/// the broker gives. Errors: the broker's; those of `take`; corrupt  an answer makes no sense
[[nodiscard]] Result<void> attach_in_parts(Session& session,
                                           wire::Attach request,
                                           std::uint64_t end_bytes,
                                           const TakePieces& take);

}  // namespace tenure::detail
