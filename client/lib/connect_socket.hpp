// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tenure/result.hpp>

#include "client/lib/fork_guard.hpp"
#include "client/lib/socket_path.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::detail {

/// A connected, non-blocking, close-on-exec SOCK_SEQPACKET socket. Tries again until the deadline
/// while nobody listens there.
///
/// Errors: broker_gone  nobody listens;  denied  no permission;  bad_request  the path is too long;
///         too_many     no file descriptor left;  no_memory  as the system says
[[nodiscard]] Result<OwnSocket> connect_socket(const SocketPath& where, sync::Deadline deadline);

}  // namespace tenure::detail
