// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include <tenure/client.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::detail {

/// What the broker said unasked, until the program asks. Keeps the newest kMaxEvents; outlives a
/// session that is replaced. Threads: any.
class EventQueue {
 public:
  static constexpr std::size_t kMaxEvents = 1024;

  void push(Event event);
  [[nodiscard]] std::optional<Event> pop();
  [[nodiscard]] bool is_empty() noexcept;

  /// Readable while an event is queued or a socket given to watch() has something to read.
  /// Errors: too_many  no file descriptor left
  [[nodiscard]] Result<int> fd(int socket);
  /// Watches the socket of a new session too, if anybody has asked for fd().
  void watch(int socket) noexcept;
  /// Not the socket of a session that is over: it would stay readable for ever.
  void forget(int socket) noexcept;

 private:
  void add_to_epoll(int fd) noexcept;

  std::mutex mutex_;
  std::deque<Event> events_;
  os::UniqueFd epoll_;  // Of the sockets and ready_; made when first asked for.
  os::UniqueFd ready_;  // An eventfd: events_ is not empty.
};

}  // namespace tenure::detail
