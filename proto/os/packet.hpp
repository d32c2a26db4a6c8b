// SPDX-License-Identifier: Apache-2.0
/// One packet with file descriptors over a SOCK_SEQPACKET Unix socket.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::os {

/// What came in with one recvmsg.
struct Packet {
  std::string bytes;
  std::vector<UniqueFd> fds;                ///< Close-on-exec.
  std::optional<::ucred> credentials = {};  ///< Where SO_PASSCRED is set.
  bool is_truncated = false;                ///< Bytes did not fit: the packet must not be used.
  bool has_lost_fds = false;  ///< Some did not fit: this process may have no more open.
};

/// Sends without blocking and without SIGPIPE; the fds stay the caller's.
///
/// Errors: full  the socket's buffer is;  broker_gone  the peer hung up;  too_many  fds in flight;
///         bad_request  anything else. `sys_errno` says more
[[nodiscard]] Result<void> send_packet(int socket,
                                       std::string_view bytes,
                                       std::span<const int> fds = {});

/// Receives without blocking.
///
/// Errors: empty  nothing is there;  broker_gone  the peer hung up;  bad_request  anything else
[[nodiscard]] Result<Packet> receive_packet(int socket);

}  // namespace tenure::os
