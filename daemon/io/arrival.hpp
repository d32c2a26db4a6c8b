// SPDX-License-Identifier: Apache-2.0
/// Packets as they come in. A file descriptor that a client sends is never received nor closed on a
/// thread that others wait for.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::io {

/// A packet, and what its file descriptors came to; they are closed already.
struct Arrival {
  std::string bytes;
  std::optional<::ucred> credentials = {};
  bool is_truncated = false;
  std::size_t fd_count = 0;
  /// What was read from the one file descriptor, if it was one.
  std::optional<Result<std::vector<FixedTensor>>> schema = {};
};

/// Both of these want SO_PASSCRED set on the socket.

/// Takes the next packet; nothing if it has file descriptors, and then it stays where it is.
///
/// Errors: those of os::receive_packet
[[nodiscard]] Result<std::optional<Arrival>> receive_without_fds(int socket);
/// Whether packets are left in a socket that was shut down: closing it closes what they carry.
[[nodiscard]] bool has_packets(int socket);

/// Takes the next packet, reads the schema from its file descriptor and closes what came with it,
/// which may take as long as the client likes. Errors: those of os::receive_packet
[[nodiscard]] Result<Arrival> receive_with_fds(int socket);

}  // namespace tenure::io
