// SPDX-License-Identifier: Apache-2.0
#include "client/lib/poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "client/lib/fork_guard.hpp"
#include "client/lib/poll_thread.hpp"

namespace tenure::detail {

Result<std::unique_ptr<PollTarget>> PollTarget::add(const TopicMemory& memory,
                                                    Direction direction) {
  os::UniqueFd event(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    return Error{.code = Errc::too_many,
                 .sys_errno = errno,
                 .detail = std::string("fd: ") + ::strerrordesc_np(errno),
                 .hint = "raise RLIMIT_NOFILE"};
  }
  auto target = std::make_unique<PollTarget>(memory, direction, std::move(event));
  auto thread = PollThread::watch(*target);
  if (!thread) {
    return std::move(thread).error();
  }
  target->thread_ = *std::move(thread);
  return target;
}

PollTarget::PollTarget(const TopicMemory& memory, Direction direction, os::UniqueFd event) noexcept
    : memory_(memory),
      direction_(direction),
      event_(std::move(event)),
      word_(direction == Direction::reading ? memory.head().bell.wake
                                            : memory.bell()->release.wake),
      generation_(memory.generation()),
      // acquire: as before any sleep on this word. pairs: wake.word
      last_(word_.load(std::memory_order_acquire)) {
}

PollTarget::~PollTarget() {
  if (thread_ != nullptr && !is_forked(generation_)) {
    thread_->forget(*this);
  }
}

void PollTarget::rearm() noexcept {
  std::uint64_t count = 0;
  static_cast<void>(::read(event_.get(), &count, sizeof count));
  {
    const std::scoped_lock lock(thread_->mutex());
    armed_latest_ = latest();
    armed_needs_ = is_writing() ? needs() : sync::Needs{};
    is_armed_ = true;
  }
  if (is_writing()) {
    thread_->nudge();  // From now on it looks every millisecond.
  }
}

std::uint64_t PollTarget::latest() const noexcept {
  // relaxed: only compared. pairs: topic.latest
  return memory_.head().newest.latest.load(std::memory_order_relaxed);
}

bool PollTarget::has_changed_since_armed() const noexcept {
  if (!is_writing()) {
    return latest() != armed_latest_;
  }
  const sync::Needs current = needs();
  return current.held != armed_needs_.held || current.seen_by_all != armed_needs_.seen_by_all;
}

sync::Needs PollTarget::needs() const noexcept {
  return sync::scan_needs(memory_.head(), *memory_.bell(), memory_.opened().subscribers);
}

void PollTarget::signal_changes() noexcept {
  // acquire: whoever reads the eventfd sees what came before the ring. pairs: wake.word
  const std::uint32_t now = word_.load(std::memory_order_acquire);
  const bool is_news = now != last_ || (is_armed_ && has_changed_since_armed());
  last_ = now;
  if (is_news) {
    is_armed_ = false;
    signal();
  }
}

void PollTarget::signal() const noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(event_.get(), &one, sizeof one));  // Full: it is readable already.
}

}  // namespace tenure::detail
