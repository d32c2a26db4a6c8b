// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/channels.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace tenure::cli::bench {
namespace {

// After this the other side counts as gone.
constexpr std::time_t kPatienceSeconds = 10;

Error system_error(Errc code, const char* what) {
  const int error = errno;
  return {.code = code,
          .sys_errno = error,
          .detail = std::string(what) + ": " + ::strerrordesc_np(error)};
}

Error gone(const char* what) {
  return system_error(Errc::cancelled, what);
}

// Calls move(bytes) until all have moved; it returns like write().
template <class Byte, class Move>
Result<void> move_all(std::span<Byte> bytes, const char* what, Move&& move) {
  while (!bytes.empty()) {
    const ssize_t moved = move(bytes);
    if (moved > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(moved));
    } else if (moved == 0 || errno != EINTR) {
      return gone(what);
    }
  }
  return {};
}

::timespec patience() {
  ::timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += kPatienceSeconds;
  return until;
}

::mqd_t open_queue(long message_bytes) {
  const std::string name = "/tenure-bench-" + std::to_string(::getpid());
  ::mq_attr attributes{};
  attributes.mq_maxmsg = 10;
  attributes.mq_msgsize = message_bytes;
  const ::mqd_t queue =
      ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
  if (queue != -1) {
    ::mq_unlink(name.c_str());
  }
  return queue;
}

}  // namespace

Result<Channels> Channels::make() {
  Channels channels;
  if (auto opened = channels.open(); !opened) {
    return std::move(opened).error();
  }
  return channels;
}

Result<void> Channels::open() {
  void* memory = ::mmap(
      nullptr, sizeof(sync::FutexWord), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return system_error(Errc::no_memory, "mmap");
  }
  word_ = new (memory) sync::FutexWord(0);
  std::array<int, 2> sockets{-1, -1};
  std::array<int, 2> pipe{-1, -1};
  const ::timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  event_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!event_ || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return system_error(Errc::too_many, "eventfd and socketpair");
  }
  socket_here_.reset(sockets[0]);
  socket_there_.reset(sockets[1]);
  ::setsockopt(socket_here_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return system_error(Errc::too_many, "pipe");
  }
  pipe_read_.reset(pipe[0]);
  pipe_write_.reset(pipe[1]);
  queue_ = open_queue(kMessageBytes);
  return {};
}

Channels::Channels(Channels&& other) noexcept
    : word_(std::exchange(other.word_, nullptr)),
      event_(std::move(other.event_)),
      socket_here_(std::move(other.socket_here_)),
      socket_there_(std::move(other.socket_there_)),
      pipe_read_(std::move(other.pipe_read_)),
      pipe_write_(std::move(other.pipe_write_)),
      queue_(std::exchange(other.queue_, -1)) {
}

Channels::~Channels() {
  if (word_ != nullptr) {
    ::munmap(word_, sizeof(sync::FutexWord));
  }
  if (queue_ != -1) {
    ::mq_close(queue_);
  }
}

Result<void> Channels::write_socket(std::span<const std::byte> bytes) {
  return move_all(bytes, "socket", [&](std::span<const std::byte> rest) {
    return ::send(socket_here_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  });
}

Result<void> Channels::read_socket(std::span<std::byte> bytes) {
  return move_all(bytes, "socket", [&](std::span<std::byte> rest) {
    return ::recv(socket_there_.get(), rest.data(), rest.size(), 0);
  });
}

Result<void> Channels::write_pipe(std::span<const std::byte> bytes) {
  return move_all(bytes, "pipe", [&](std::span<const std::byte> rest) {
    return ::write(pipe_write_.get(), rest.data(), rest.size());
  });
}

Result<void> Channels::read_pipe(std::span<std::byte> bytes) {
  return move_all(bytes, "pipe", [&](std::span<std::byte> rest) {
    return ::read(pipe_read_.get(), rest.data(), rest.size());
  });
}

Result<void> Channels::write_queue(std::span<const std::byte> bytes) {
  return move_all(bytes, "message queue", [&](std::span<const std::byte> rest) -> ssize_t {
    const std::size_t length = std::min(rest.size(), kMessageBytes);
    const ::timespec until = patience();
    const auto* text = reinterpret_cast<const char*>(rest.data());
    return ::mq_timedsend(queue_, text, length, 0, &until) == 0 ? static_cast<ssize_t>(length) : -1;
  });
}

Result<void> Channels::read_queue(std::span<std::byte> bytes) {
  return move_all(bytes, "message queue", [&](std::span<std::byte> rest) {
    return ::mq_receive(queue_,
                        reinterpret_cast<char*>(rest.data()),
                        std::max(rest.size(), kMessageBytes),
                        nullptr);
  });
}

}  // namespace tenure::cli::bench
