// SPDX-License-Identifier: Apache-2.0
#include "client/lib/biased_lock.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/os/kernel.hpp"

namespace tenure::detail {
namespace {

#ifdef __has_feature
constexpr bool kIsWatched = __has_feature(thread_sanitizer);
#else
constexpr bool kIsWatched = false;  // g++ 12 refuses our fences under -fsanitize=thread.
#endif

long membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0);
}

// Again for every lock: a forked child may have to. Costs a system call that does nothing.
bool can_revoke() noexcept {
  return !kIsWatched && os::is_unmasked(os::Feature::membarrier) &&
         membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

}  // namespace

BiasedLock::BiasedLock() noexcept : is_shared_(!can_revoke()) {
}

void BiasedLock::lock_shared() noexcept {
  spin_.lock();
  // relaxed, in here: guarded by the spin lock. alone: bias.owner
  if (!is_shared_.load(std::memory_order_relaxed)) {
    const void* nobody = nullptr;
    if (owner_.compare_exchange_strong(
            nobody, __builtin_thread_pointer(), std::memory_order_relaxed)) {
      // The first one: its bias begins after this time.
      return;
    }
    revoke();
  }
}

// Under spin_, by another thread than the owner: takes its bias away, and waits until it is out.
void BiasedLock::revoke() noexcept {
  // relaxed: the barrier below. pairs: bias.revoke
  is_shared_.store(true, std::memory_order_relaxed);
  // A full barrier in every running thread of this process. Either the owner's look at is_shared_
  // comes after it and sees the store above, or the owner's store of is_inside_ came before it and
  // is seen below.
  membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  // acquire: what the owner did inside. pairs: bias.revoke
  while (is_inside_.load(std::memory_order_acquire)) {
    ::sched_yield();
  }
}

}  // namespace tenure::detail
