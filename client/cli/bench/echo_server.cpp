// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/echo_server.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "client/cli/bench/cpus.hpp"
#include "proto/os/kernel.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

// As long as a borrow of one region and what it is answered with.
constexpr std::size_t kRequestBytes = 112;
constexpr std::size_t kAnswerBytes = 72;
constexpr std::size_t kMostBytes = std::size_t{64} << 10U;  // A server has room for any packet.

// The first byte of a request.
constexpr char kPlain = 'p';
constexpr char kWithMemory = 'm';

using Control = std::array<char, CMSG_SPACE(sizeof(int))>;

Error system_error(Errc code, const char* what) {
  const int error = errno;
  return {
      .code = code, .sys_errno = error, .detail = std::string(what) + ": " + std::strerror(error)};
}

Result<void> send_bytes(int socket, char kind, std::size_t size_bytes, int fd) {
  std::array<char, kRequestBytes> bytes{kind};
  ::iovec part{.iov_base = bytes.data(), .iov_len = size_bytes};
  alignas(::cmsghdr) Control control{};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ::cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) {
      return system_error(Errc::cancelled, "sendmsg");
    }
  }
  return {};
}

// What the server does with one request.
Result<void> answer(int socket, char kind, const std::string& memory) {
  os::UniqueFd fd;
  if (kind == kWithMemory) {
    fd.reset(::open(memory.c_str(), O_RDWR | O_CLOEXEC));
  }
  return send_bytes(socket, kind, kAnswerBytes, fd.get());
}

// Answers whatever is there. Returns whether the other side has not hung up.
Result<bool> answer_all(int socket, const std::string& memory) {
  std::array<char, kMostBytes> bytes;  // Not zeroed: that would cost a microsecond.
  for (;;) {
    ::iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
    ::msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t count = ::recvmsg(socket, &message, MSG_DONTWAIT);
    if (count <= 0) {
      return count < 0 && (errno == EAGAIN || errno == EINTR);
    }
    if (auto answered = answer(socket, bytes.front(), memory); !answered) {
      return std::move(answered).error();
    }
  }
}

Result<void> serve_packets(int socket) {
  const os::UniqueFd memory(::memfd_create("tenure-bench", MFD_CLOEXEC));
  const os::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  ::epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
  if (!memory || !epoll || ::ftruncate(memory.get(), static_cast<::off_t>(os::page_bytes())) != 0 ||
      ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket, &event) != 0) {
    return system_error(Errc::too_many, "the echo server");
  }
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  for (;;) {
    if (::epoll_wait(epoll.get(), &event, 1, -1) == 1) {
      const auto goes_on = answer_all(socket, path);
      if (!goes_on || !*goes_on) {
        return goes_on ? Result<void>() : goes_on.error();
      }
    }
  }
}

os::UniqueFd fd_in(const ::msghdr& message) {
  const ::cmsghdr* header = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return os::UniqueFd(fd);
}

}  // namespace

EchoServer::EchoServer(PeerProcess process, os::UniqueFd socket) noexcept
    : process_(std::move(process)), socket_(std::move(socket)) {
}

Result<EchoServer> EchoServer::start(const Options& options) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return system_error(Errc::too_many, "socketpair");
  }
  os::UniqueFd here(pair[0]);
  os::UniqueFd there(pair[1]);
  auto process = PeerProcess::start(
      options.cpu,
      [&](Board&) {
        here.reset();
        auto placed = run_where_server_may(options.broker);
        return placed ? serve_packets(there.get()) : placed;
      },
      options.goes_on);
  if (!process) {
    return std::move(process).error();
  }
  return EchoServer(*std::move(process), std::move(here));
}

Result<void> EchoServer::ask(char kind) {
  return send_bytes(socket_.get(), kind, kRequestBytes, -1);
}

Result<os::UniqueFd> EchoServer::read_answer() {
  std::array<char, kAnswerBytes> bytes;
  ::iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(::cmsghdr) Control control{};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = -1;
  do {
    count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) {
    return Error{.code = Errc::cancelled, .detail = "the echo server is gone"};
  }
  return fd_in(message);
}

Result<void> EchoServer::measure(std::uint32_t count, Samples& samples) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    auto asked = ask(kPlain);
    auto answered = asked ? read_answer() : std::move(asked).error();
    if (!answered) {
      return std::move(answered).error();
    }
    samples.add(sync::monotonic_now() - begun);
  }
  return {};
}

Result<void> EchoServer::measure_mapping(std::uint32_t count, Samples& samples) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    auto asked = ask(kWithMemory);
    auto memory = asked ? read_answer() : std::move(asked).error();
    if (!memory) {
      return std::move(memory).error();
    }
    void* page =
        ::mmap(nullptr, os::page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, memory->get(), 0);
    memory->reset();
    const auto took = sync::monotonic_now() - begun;
    if (page == MAP_FAILED) {
      return system_error(Errc::no_memory, "mmap");
    }
    ::munmap(page, os::page_bytes());
    samples.add(took);
  }
  return {};
}

Result<void> EchoServer::measure_window(std::uint32_t count, Samples& samples) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    for (std::uint32_t sent = 0; sent < kWindow; ++sent) {
      if (auto asked = ask(kPlain); !asked) {
        return asked;
      }
    }
    for (std::uint32_t read = 0; read < kWindow; ++read) {
      if (auto answered = read_answer(); !answered) {
        return std::move(answered).error();
      }
    }
    samples.add(sync::monotonic_now() - begun, kWindow);
  }
  return {};
}

}  // namespace tenure::cli::bench
