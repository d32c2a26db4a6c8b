// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/arrival.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/io/schema_fd.hpp"
#include "proto/os/packet.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

// One look at the next packet, which stays in the socket.
struct Glance {
  ssize_t count = 0;
  int flags = 0;
  std::optional<::ucred> credentials;  // With SO_PASSCRED: nothing only if there is no packet.
};

// There is room for credentials, which the kernel puts first, and for no file descriptor: those of
// the packet are not received by looking at it, only reported as cut off (MSG_CTRUNC).
Glance glance(int socket, char* bytes, std::size_t size_bytes) {
  ::iovec part{.iov_base = bytes, .iov_len = size_bytes};
  alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof(::ucred))> control{};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Glance seen;
  do {
    seen.count = ::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (seen.count < 0 && errno == EINTR);
  if (seen.count < 0) {
    return seen;
  }
  seen.flags = message.msg_flags;
  const ::cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_CREDENTIALS) {
    ::ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
    seen.credentials = credentials;
  }
  return seen;
}

}  // namespace

Result<std::optional<Arrival>> receive_without_fds(int socket) {
  std::array<char, wire::kMaxPacketBytes> bytes;  // Not zeroed: that would cost a microsecond.
  const Glance seen = glance(socket, bytes.data(), bytes.size());
  if (seen.count > 0 && (seen.flags & MSG_CTRUNC) != 0) {
    return std::optional<Arrival>();
  }
  if (seen.count <= 0) {
    // The end, an error, or a packet of no bytes, which is the end too: it stays unread.
    const int error = seen.count == 0 ? ECONNRESET : errno;
    return Error{.code = error == EAGAIN ? Errc::empty : Errc::broker_gone,
                 .sys_errno = error,
                 .detail = std::string("recvmsg: ") + ::strerrordesc_np(error)};
  }
  Arrival arrival{.bytes = std::string(bytes.data(), static_cast<std::size_t>(seen.count)),
                  .credentials = seen.credentials,
                  .is_truncated = (seen.flags & MSG_TRUNC) != 0};
  static_cast<void>(::recv(socket, nullptr, 0, MSG_DONTWAIT | MSG_TRUNC));
  return std::optional(std::move(arrival));
}

bool has_packets(int socket) {
  char byte = 0;
  Glance seen = glance(socket, &byte, 1);
  if (seen.count < 0 && errno != EAGAIN) {  // A reset is said once, then come the packets.
    seen = glance(socket, &byte, 1);
  }
  return seen.credentials.has_value();
}

Result<Arrival> receive_with_fds(int socket) {
  auto packet = os::receive_packet(socket);
  if (!packet) {
    return packet.error();
  }
  Arrival arrival{.bytes = std::move(packet->bytes),
                  .credentials = packet->credentials,
                  .is_truncated = packet->is_truncated,
                  .fd_count = packet->fds.size()};
  if (packet->fds.size() == 1 && !packet->is_truncated) {
    arrival.schema = read_schema(packet->fds.front().get());
  }
  return arrival;
}

}  // namespace tenure::io
