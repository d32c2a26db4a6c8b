// SPDX-License-Identifier: Apache-2.0
#include "client/lib/interruption.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

namespace tenure::detail {

Interruption::Interruption() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
}

void Interruption::raise() noexcept {
  // release: what the caller did before is visible to the cancelled. pairs: interruption
  count_.fetch_add(1, std::memory_order_release);
  sync::futex_wake_all(count_);
  const std::uint64_t one = 1;
  static_cast<void>(::write(event_.get(), &one, sizeof one));  // Full: it is readable already.
}

std::uint32_t Interruption::count() const noexcept {
  return count_.load(std::memory_order_acquire);  // acquire: see raise(). pairs: interruption
}

void Interruption::drain() noexcept {
  std::uint64_t count = 0;
  static_cast<void>(::read(event_.get(), &count, sizeof count));
}

}  // namespace tenure::detail
