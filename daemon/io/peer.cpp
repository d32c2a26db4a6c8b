// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/peer.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/os/kernel.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

Error denied(const char* call, int error, const char* hint = "") {
  return {.code = Errc::denied,
          .sys_errno = error,
          .detail = std::string(call) + ": " + ::strerrordesc_np(error),
          .hint = hint};
}

Result<std::vector<std::uint32_t>> read_groups(int socket) {
  std::vector<std::uint32_t> groups(64);
  for (;;) {
    auto bytes = static_cast<::socklen_t>(groups.size() * sizeof groups[0]);
    const int status = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    const int error = errno;
    const std::size_t count = bytes / sizeof groups[0];
    if (status == 0) {
      groups.resize(count);
      return groups;
    }
    if (error != ERANGE || count <= groups.size()) {
      return denied("SO_PEERGROUPS", error);
    }
    groups.resize(count);
  }
}

}  // namespace

Result<core::Identity> read_identity(int socket) {
  ::ucred peer{};
  ::socklen_t bytes = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) {
    return denied("SO_PEERCRED", errno);
  }
  auto groups = read_groups(socket);
  if (!groups) {
    return groups.error();
  }
  return core::Identity{
      .uid = peer.uid, .gid = peer.gid, .groups = std::move(*groups), .pid = peer.pid};
}

Result<os::UniqueFd> read_pidfd(int socket) {
  if (!os::is_unmasked(os::Feature::peer_pidfd)) {
    return os::UniqueFd();
  }
  int pidfd = -1;
  ::socklen_t bytes = sizeof pidfd;
  if (::getsockopt(socket, SOL_SOCKET, os::kSoPeerpidfd, &pidfd, &bytes) == 0) {
    return os::UniqueFd(pidfd);
  }
  if (errno == ENOPROTOOPT) {
    return os::UniqueFd();
  }
  return denied("SO_PEERPIDFD", errno);
}

Result<os::UniqueFd> open_pidfd(std::int32_t pid) {
  if (pid <= 0) {
    return denied("pidfd_open",
                  ESRCH,
                  "the client's pid namespace must be the broker's, or its kernel 6.5 or later");
  }
  os::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    return denied("pidfd_open", errno);
  }
  return pidfd;
}

bool request_credentials(int socket) noexcept {
  const int on = 1;
  return ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

void allow_fds(int socket, bool allowed) noexcept {
  if (os::is_unmasked(os::Feature::pass_rights)) {
    const int value = allowed ? 1 : 0;
    ::setsockopt(socket, SOL_SOCKET, os::kSoPassrights, &value, sizeof value);
  }
}

bool is_alive(int pidfd) noexcept {
  ::pollfd poll{.fd = pidfd, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) == 0;
}

bool has_unread(int socket) noexcept {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

std::string printable_name(std::string_view name) {
  constexpr unsigned char first_printable = 0x20;
  constexpr unsigned char deleted = 0x7f;
  constexpr unsigned char continuation = 0x80;
  std::size_t end = std::min(name.size(), wire::kMaxClientNameBytes);
  while (end < name.size() && end > 0 &&
         (static_cast<unsigned char>(name[end]) & 0xC0U) == continuation) {
    --end;  // Not in the middle of a character.
  }
  std::string text(name.substr(0, end));
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    letter = byte < first_printable || byte == deleted ? '?' : letter;
  }
  return text.empty() ? "-" : text;
}

}  // namespace tenure::io
