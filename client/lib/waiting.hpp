// SPDX-License-Identifier: Apache-2.0
/// The one way of waiting on shared memory: spin a little, then sleep on a futex word; look at the
/// socket and at interruptions meanwhile.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

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
/// How often a wait looks at the socket.
inline constexpr std::chrono::seconds kSocketLook{1};

/// What a wait sleeps on.
struct SleepPlace {
  const sync::FutexWord& word;
  sync::FutexWord* flags;          // Raised before sleeping; nullptr: no right to (an observer).
  std::chrono::nanoseconds slice;  // Looks again at least this often.
};

/// What ends a wait besides what it waits for.
struct WaitContext {
  Session& session;
  const sync::FutexWord& superseded;
  bool& has_told_gone;  // broker_gone is said once per role.
};

/// Sleeps until `word` changes, an interruption, or `until`. Errors: cancelled, broker_gone,
/// superseded
class Sleeper {
 public:
  Sleeper(const SleepPlace& place, const WaitContext& context) noexcept;
  /// First half: what the caller's look must come after.
  void announce() noexcept;
  /// Second half, after a look in vain.
  void sleep(sync::Deadline deadline) noexcept;
  [[nodiscard]] Result<void> check();

 private:
  SleepPlace place_;
  WaitContext context_;
  std::uint32_t interruptions_;
  std::uint32_t expected_ = 0;
  sync::Deadline next_socket_look_;
};

/// Waits until ready() says true. Errors: timed_out and Sleeper's. With kNoWait it is not called.
template <class Ready>
Result<void> wait_until(const SleepPlace& place,
                        const WaitContext& context,
                        sync::Deadline deadline,
                        Ready&& ready) {
  for (const auto spin_end = sync::monotonic_now() + kSpin; sync::monotonic_now() < spin_end;) {
    for (int i = 0; i < 16; ++i) {
      if (ready()) {
        return {};
      }
      relax_cpu();
    }
  }
  Sleeper sleeper(place, context);
  for (;;) {
    sleeper.announce();
    if (ready()) {
      return {};
    }
    if (auto checked = sleeper.check(); !checked) {
      return checked;
    }
    if (has_passed(deadline)) {
      return Error{.code = Errc::timed_out};
    }
    sleeper.sleep(deadline);
  }
}

}  // namespace tenure::detail
