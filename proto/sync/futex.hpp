// SPDX-License-Identifier: Apache-2.0
/// Futexes shared between processes, with absolute CLOCK_MONOTONIC deadlines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "proto/layout/std_atomic.hpp"

namespace tenure::sync {

using FutexWord = layout::StdAtomic<std::uint32_t>;
/// Since the epoch of CLOCK_MONOTONIC; max(): never.
using Deadline = std::chrono::nanoseconds;

inline constexpr Deadline kNever = Deadline::max();
inline constexpr std::size_t kMaxWaitWords = 128;  // FUTEX_WAITV_MAX

[[nodiscard]] std::chrono::nanoseconds monotonic_now() noexcept;

/// Wakes everybody who sleeps on `word`, in whatever process; returns how many.
int futex_wake_all(const FutexWord& word) noexcept;
/// Wakes one of those who sleep on `word`, if there is any; returns how many.
int futex_wake_one(const FutexWord& word) noexcept;

/// Sleeps while `word` is `expected`. Returns when woken, when it was not, at the deadline, at a
/// signal, or for no reason: look again. The mapping may be read-only.
void futex_wait(const FutexWord& word, std::uint32_t expected, Deadline deadline) noexcept;

/// A word and the value at which to sleep.
struct WaitWord {
  const FutexWord* word;
  std::uint32_t expected;
};

/// The same for several words at once, at most kMaxWaitWords: sleeps while all are as expected.
/// Returns false, at once, where the kernel has no futex_waitv or it is masked.
bool futex_wait_any(std::span<const WaitWord> words, Deadline deadline) noexcept;

}  // namespace tenure::sync
