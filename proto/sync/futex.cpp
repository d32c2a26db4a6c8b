// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>

#include "proto/os/kernel.hpp"

namespace tenure::sync {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

int wake(const FutexWord& word, int most) noexcept {
  return static_cast<int>(::syscall(SYS_futex, &word, FUTEX_WAKE, most, nullptr, nullptr, 0));
}

::timespec to_timespec(Deadline deadline) noexcept {
  return {.tv_sec = deadline.count() / kNanosPerSecond,
          .tv_nsec = deadline.count() % kNanosPerSecond};
}

}  // namespace

std::chrono::nanoseconds monotonic_now() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

int futex_wake_all(const FutexWord& word) noexcept {
  return wake(word, INT_MAX);
}

int futex_wake_one(const FutexWord& word) noexcept {
  return wake(word, 1);
}

void futex_wait(const FutexWord& word, std::uint32_t expected, Deadline deadline) noexcept {
  // FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time where FUTEX_WAIT takes a duration.
  const ::timespec until = to_timespec(deadline);
  ::syscall(SYS_futex,
            &word,
            FUTEX_WAIT_BITSET,
            expected,
            deadline == kNever ? nullptr : &until,
            nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

bool futex_wait_any(std::span<const WaitWord> words, Deadline deadline) noexcept {
  static std::atomic<bool> is_missing{!os::is_unmasked(os::Feature::futex_waitv)};
  // relaxed: a hint of its own; reading it late costs one refused call. alone: futex.missing
  if (is_missing.load(std::memory_order_relaxed) || words.size() > kMaxWaitWords) {
    return false;
  }
  std::array<::futex_waitv, kMaxWaitWords> waits;
  for (std::size_t i = 0; i < words.size(); ++i) {
    waits[i] = {.val = words[i].expected,
                .uaddr = reinterpret_cast<std::uintptr_t>(words[i].word),
                .flags = FUTEX_32,  // not private: shared between processes
                .__reserved = 0};
  }
  ::timespec until = to_timespec(deadline);
  const long woken = ::syscall(SYS_futex_waitv,
                               waits.data(),
                               words.size(),
                               0,
                               deadline == kNever ? nullptr : &until,
                               CLOCK_MONOTONIC);
  // EFAULT: a word was unmapped meanwhile. Anything else that is no wake-up, like a sandbox's
  // EPERM, would come back at once for ever.
  const bool is_refused =
      woken < 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT && errno != EFAULT;
  if (is_refused) {
    is_missing.store(true, std::memory_order_relaxed);  // relaxed: as above
    return false;
  }
  return true;
}

}  // namespace tenure::sync
