// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>

#include <atomic>

namespace tenure::detail {

/// One CPU instruction that says "this is a busy wait".
#if defined(__x86_64__)
inline void relax_cpu() noexcept {
  __builtin_ia32_pause();
}
#elif defined(__aarch64__)
inline void relax_cpu() noexcept {
  asm volatile("yield");
}
#else
inline void relax_cpu() noexcept {
}
#endif

/// Guards a few dozen nanoseconds of work between threads of this process: half the price of a
/// mutex (one locked instruction a round trip), which the data path would feel. For
/// std::scoped_lock. A template, so that a checker can put its own atomics in.
template <template <class> class Atomic = std::atomic>
class BasicSpinLock {
 public:
  void lock() noexcept {
    // acquire: what the last holder did is visible. pairs: spin.unlock
    while (is_locked_.exchange(true, std::memory_order_acquire)) {
      wait();
    }
  }
  void unlock() noexcept {
    is_locked_.store(false, std::memory_order_release);  // release: see lock(). pairs: spin.unlock
  }

 private:
  void wait() noexcept {
    for (int spins = 0; is_locked_.load(std::memory_order_relaxed);
         ++spins) {  // relaxed: only a look. pairs: spin.unlock
      if (spins < 64) {
        relax_cpu();
      } else {
        ::sched_yield();  // The holder may have been descheduled.
      }
    }
  }

  Atomic<bool> is_locked_{false};
};

using SpinLock = BasicSpinLock<>;

}  // namespace tenure::detail
