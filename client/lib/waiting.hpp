// SPDX-License-Identifier: Apache-2.0
/// The one way of waiting on shared memory: spin a little, then sleep on a futex word; look at the
/// socket and at interruptions meanwhile.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <tenure/result.hpp>
#include <tenure/wait.hpp>

#include "client/lib/deadline.hpp"
#include "client/lib/session.hpp"
#include "client/lib/spin_lock.hpp"
#include "proto/sync/topic_wake.hpp"

namespace tenure::detail {

/// A park and a wake cost the reader 5 to 25 us and the writer 7 to 10 us of processor time
/// (measured), so spinning for up to this long pays.
inline constexpr std::chrono::microseconds kSpin{20};
/// A wait that slept and was no longer than this, its wake-up included, would better have spun.
inline constexpr std::chrono::microseconds kShortWait{40};
/// How often a wait looks at the socket.
inline constexpr std::chrono::seconds kSocketLook{1};

[[nodiscard]] Error superseded_error(const std::string& name);

/// What a wait for a topic sleeps on.
struct SleepPlace {
  const sync::FutexWord& word;
  sync::FutexWord* flags;          // Raised before sleeping; nullptr: no right to (an observer).
  std::chrono::nanoseconds slice;  // Looks again at least this often.
};

/// What a role remembers from one wait to the next.
struct WaitMemory {
  bool has_told_gone = false;   // broker_gone is said once.
  sync::Deadline next_look{0};  // At the socket.
  bool is_worth_spinning = true;
};

/// One verb's waiting, made when the verb begins: what ends it besides what it waits for.
struct Wait {
  const std::string& name;
  Session& session;
  const sync::FutexWord& superseded;
  WaitMemory& memory;
  std::uint32_t interruptions;             // Those before the verb began: one more cancels it.
  std::optional<sync::Deadline> deadline;  // None: the verb does not wait.
};

/// Sleeps while `word` is `expected`, for `slice` at most; an interruption ends it.
void sleep_on(const Wait& wait,
              const sync::WaitWord& word,
              std::chrono::nanoseconds slice) noexcept;
/// Errors: cancelled, broker_gone, superseded
[[nodiscard]] Result<void> check_wait(const Wait& wait);

/// How one sleeps until a topic changes.
class TopicSleeper {
 public:
  TopicSleeper(const SleepPlace& place, const Wait& wait) noexcept : place_(place), wait_(wait) {}
  /// First half: what the caller's look must come after.
  void announce() noexcept;
  /// Second half, after a look in vain.
  void sleep() noexcept;

 private:
  SleepPlace place_;
  const Wait& wait_;
  std::uint32_t expected_ = 0;
};

/// Waits until ready() says true; `wait` has a deadline. Errors: timed_out and check_wait()'s
///
/// Spins first if the last wait was so short that spinning would have paid: where many readers
/// share a cpu, each that spins in vain keeps the next one from running (8 of them: 4.4 times the
/// kernel's own time, measured).
template <class Sleeper, class Ready>
Result<void> wait_with(Sleeper&& sleeper, const Wait& wait, Ready&& ready) {
  const auto begun = sync::monotonic_now();
  if (wait.memory.is_worth_spinning) {
    while (sync::monotonic_now() < begun + kSpin) {
      for (int i = 0; i < 16; ++i) {
        if (ready()) {
          return {};
        }
        relax_cpu();
      }
    }
  }
  for (;;) {
    sleeper.announce();
    if (ready()) {
      wait.memory.is_worth_spinning = sync::monotonic_now() < begun + kShortWait;
      return {};
    }
    if (auto checked = check_wait(wait); !checked) {
      return checked;
    }
    if (has_passed(*wait.deadline)) {
      return Error{.code = Errc::timed_out, .detail = wait.name + ": waited in vain"};
    }
    sleeper.sleep();
  }
}

template <class Ready>
Result<void> wait_until(const SleepPlace& place, const Wait& wait, Ready&& ready) {
  return wait_with(TopicSleeper(place, wait), wait, ready);
}

}  // namespace tenure::detail
