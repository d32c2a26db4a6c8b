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
namespace {

constexpr std::chrono::nanoseconds kUnarmedLook = std::chrono::seconds(1);

}  // namespace

Result<std::unique_ptr<PollTarget>> PollTarget::add(std::unique_ptr<PollSource> source,
                                                    std::uint32_t generation) {
  os::UniqueFd event(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    return Error{.code = Errc::too_many,
                 .sys_errno = errno,
                 .detail = std::string("fd: ") + ::strerrordesc_np(errno),
                 .hint = "raise RLIMIT_NOFILE"};
  }
  auto target = std::make_unique<PollTarget>(std::move(source), generation, std::move(event));
  auto thread = PollThread::watch(*target);
  if (!thread) {
    return std::move(thread).error();
  }
  target->thread_ = *std::move(thread);
  return target;
}

PollTarget::PollTarget(std::unique_ptr<PollSource> source,
                       std::uint32_t generation,
                       os::UniqueFd event) noexcept
    : source_(std::move(source)),
      event_(std::move(event)),
      word_(source_->word()),
      generation_(generation),
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
    source_->arm();
    is_armed_ = true;
  }
  if (source_->look_every() < kUnarmedLook) {
    thread_->nudge();  // From now on it looks that often.
  }
}

std::chrono::nanoseconds PollTarget::look_every() const noexcept {
  return is_armed_ ? source_->look_every() : kUnarmedLook;
}

void PollTarget::signal_changes() noexcept {
  // acquire: whoever reads the eventfd sees what came before the ring. pairs: wake.word
  const std::uint32_t now = word_.load(std::memory_order_acquire);
  const bool is_news = now != last_ || (is_armed_ && source_->has_changed());
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
