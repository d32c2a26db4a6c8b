// SPDX-License-Identifier: Apache-2.0
#include "proto/os/packet.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tenure::os {
namespace {

// proto/wire has these limits too; the kernel's socket buffer and SCM_MAX_FD lie above both.
constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr std::size_t kMaxFds = 240;

Error socket_error(const char* what, int error) {
  Errc code = Errc::bad_request;
  if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS) {
    code = Errc::full;
  } else if (error == EPIPE || error == ECONNRESET || error == ENOTCONN) {
    code = Errc::broker_gone;
  } else if (error == ETOOMANYREFS || error == EMFILE || error == ENFILE) {
    code = Errc::too_many;
  }
  return {.code = code,
          .sys_errno = error,
          .detail = std::string(what) + ": " + ::strerrordesc_np(error)};
}

void take_control(const ::cmsghdr& header, Packet& packet) {
  if (header.cmsg_level != SOL_SOCKET) {
    return;
  }
  if (header.cmsg_type == SCM_RIGHTS) {
    const std::size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof(int), sizeof fd);
      packet.fds.emplace_back(fd);
    }
  } else if (header.cmsg_type == SCM_CREDENTIALS) {
    ::ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(&header), sizeof credentials);
    packet.credentials = credentials;
  }
}

}  // namespace

Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> fds) {
  ::iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
  if (fds.size() > kMaxFds) {
    return socket_error("sendmsg", EINVAL);
  }
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    ::cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) {
      return socket_error("sendmsg", errno);
    }
  }
  return {};
}

Result<Packet> receive_packet(int socket) {
  std::array<char, kMaxBytes> bytes;  // Not zeroed: 64 KiB a packet would cost a microsecond.
  ::iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(::cmsghdr)
      std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds) + CMSG_SPACE(sizeof(::ucred))>
          control{};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = -1;
  do {
    count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    Error error = socket_error("recvmsg", errno);
    error.code = error.code == Errc::full ? Errc::empty : error.code;
    return error;
  }
  Packet packet;
  for (::cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    take_control(*header, packet);
  }
  if (count == 0) {
    return socket_error("recvmsg", ECONNRESET);  // A seqpacket of 0 bytes is the end.
  }
  packet.bytes.assign(bytes.data(), static_cast<std::size_t>(count));
  packet.is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
  packet.has_lost_fds = (message.msg_flags & MSG_CTRUNC) != 0;
  return packet;
}

}  // namespace tenure::os
