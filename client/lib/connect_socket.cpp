// SPDX-License-Identifier: Apache-2.0
#include "client/lib/connect_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "client/lib/deadline.hpp"

namespace tenure::detail {
namespace {

using namespace std::chrono_literals;

Error connect_error(const SocketPath& where, int error) {
  const std::string place = where.path + " (" + where.source + "): ";
  if (error == EACCES || error == EPERM) {
    return {.code = Errc::denied, .sys_errno = error, .detail = place + ::strerrordesc_np(error)};
  }
  if (error == EMFILE || error == ENFILE) {
    return {.code = Errc::too_many,
            .sys_errno = error,
            .detail = place + ::strerrordesc_np(error),
            .hint = "raise RLIMIT_NOFILE"};
  }
  if (error == ENOMEM || error == ENOBUFS) {
    return {
        .code = Errc::no_memory, .sys_errno = error, .detail = place + ::strerrordesc_np(error)};
  }
  if (error == EAGAIN) {
    return {.code = Errc::broker_gone,
            .sys_errno = error,
            .detail = place + "more connect at once than it takes in",
            .hint = "wait with a timeout"};
  }
  return {.code = Errc::broker_gone,
          .sys_errno = error,
          .detail = place + "nobody listens there: " + ::strerrordesc_np(error),
          .hint = "start one with `tenured`, or name its socket in TENURE_SOCKET"};
}

// One attempt; 0 or an errno.
int try_connect(const ::sockaddr_un& address, OwnSocket& socket) {
  socket = OwnSocket::open(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (!socket) {
    return errno;
  }
  const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
  return ::connect(socket.get(), generic, sizeof address) == 0 ? 0 : errno;
}

// Not there yet (or not any more), or its backlog is full: worth another attempt.
bool may_come(int error) {
  return error == ENOENT || error == ECONNREFUSED || error == EAGAIN || error == EINTR;
}

}  // namespace

Result<OwnSocket> connect_socket(const SocketPath& where, sync::Deadline deadline) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (where.path.size() >= sizeof address.sun_path) {
    return Error{.code = Errc::bad_request,
                 .detail = "socket: " + where.path + " (" + where.source +
                           "): " + std::to_string(where.path.size()) + " bytes; at most " +
                           std::to_string(sizeof address.sun_path - 1)};
  }
  std::memcpy(address.sun_path, where.path.data(), where.path.size());
  for (auto pause = std::chrono::nanoseconds(1ms);; pause = std::min(pause * 2, 50'000'000ns)) {
    OwnSocket socket;
    const int error = try_connect(address, socket);
    if (error == 0) {
      return socket;
    }
    if (!may_come(error) || has_passed(deadline)) {
      return connect_error(where, error);
    }
    const auto rest = std::min(pause, time_left(deadline));
    ::poll(
        nullptr, 0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(rest).count()));
  }
}

}  // namespace tenure::detail
