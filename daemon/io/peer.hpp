// SPDX-License-Identifier: Apache-2.0
/// Who is at the other end of a socket, by the kernel's word.
#pragma once

#include <sys/socket.h>

#include <tenure/result.hpp>

#include "daemon/core/types.hpp"
#include "proto/os/unique_fd.hpp"

namespace tenure::io {

/// uid, gid, groups and pid at the time of connect.
/// Errors: denied  the kernel does not say, or the pid is of another namespace
[[nodiscard]] Result<core::Identity> read_identity(int socket);

/// The peer's process, however its pid is reused; no fd where the kernel cannot say (before 6.5).
/// Errors: denied  it is gone already
[[nodiscard]] Result<os::UniqueFd> read_pidfd(int socket);

/// The fallback: a process that has this pid now. It is the peer's only if a later packet carries
/// the same pid while this process lives. Errors: denied  none has it
[[nodiscard]] Result<os::UniqueFd> open_pidfd(std::int32_t pid);
/// Asks for credentials with every packet; false if the kernel refuses.
[[nodiscard]] bool request_credentials(int socket) noexcept;
/// Whether the kernel lets packets with file descriptors in (6.16; before: always). A socket that
/// was accepted begins as its listener was.
void allow_fds(int socket, bool allowed) noexcept;
[[nodiscard]] bool is_alive(int pidfd) noexcept;

/// Bytes sent that the peer has not read.
[[nodiscard]] bool has_unread(int socket) noexcept;

/// A client's name for itself, made fit for logs: at most 64 bytes, no control characters.
[[nodiscard]] std::string printable_name(std::string_view name);

}  // namespace tenure::io
