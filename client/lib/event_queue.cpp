// SPDX-License-Identifier: Apache-2.0
#include "client/lib/event_queue.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tenure::detail {

void EventQueue::push(Event event) {
  const std::scoped_lock lock(mutex_);
  if (events_.size() == kMaxEvents) {
    events_.pop_front();
  }
  events_.push_back(std::move(event));
  if (ready_) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(ready_.get(), &one, sizeof one));
  }
}

std::optional<Event> EventQueue::pop() {
  const std::scoped_lock lock(mutex_);
  if (events_.empty()) {
    return std::nullopt;
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  if (events_.empty() && ready_) {
    std::uint64_t count = 0;
    static_cast<void>(::read(ready_.get(), &count, sizeof count));
  }
  return event;
}

Result<int> EventQueue::fd(int socket) {
  const std::scoped_lock lock(mutex_);
  if (!epoll_) {
    ready_.reset(::eventfd(events_.empty() ? 0 : 1, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!ready_ || !epoll_) {
      const int error = errno;
      ready_.reset();
      epoll_.reset();
      return Error{.code = Errc::too_many,
                   .sys_errno = error,
                   .detail = std::string("fd: ") + ::strerrordesc_np(error),
                   .hint = "raise RLIMIT_NOFILE"};
    }
    add_to_epoll(ready_.get());
    add_to_epoll(socket);
  }
  return epoll_.get();
}

void EventQueue::watch(int socket) noexcept {
  const std::scoped_lock lock(mutex_);
  if (epoll_) {
    add_to_epoll(socket);
  }
}

void EventQueue::forget(int socket) noexcept {
  const std::scoped_lock lock(mutex_);
  if (epoll_) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
  }
}

bool EventQueue::is_empty() noexcept {
  const std::scoped_lock lock(mutex_);
  return events_.empty();
}

void EventQueue::add_to_epoll(int fd) noexcept {
  ::epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

}  // namespace tenure::detail
