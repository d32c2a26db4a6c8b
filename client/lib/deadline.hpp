// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include <tenure/wait.hpp>

#include "proto/sync/futex.hpp"

namespace tenure::detail {

/// When a wait that begins now ends: a time on CLOCK_MONOTONIC, or sync::kNever.
[[nodiscard]] inline sync::Deadline deadline_of(Timeout timeout) noexcept {
  if (timeout.forever()) {
    return sync::kNever;
  }
  const auto now = sync::monotonic_now();
  return timeout.at_most() >= sync::kNever - now ? sync::kNever
                                                 : now + std::max(timeout.at_most(), {});
}

/// The same for an answer that the broker gives when the wait is over: this much later the client
/// stops believing in it. Without waiting: as long as any answer may take.
[[nodiscard]] inline sync::Deadline answer_deadline(Timeout timeout) noexcept {
  constexpr std::chrono::seconds grace{5};
  const sync::Deadline deadline = deadline_of(timeout);
  return deadline >= sync::kNever - grace ? sync::kNever : deadline + grace;
}

/// What is left until then, at least zero; nanoseconds::max for never.
[[nodiscard]] inline std::chrono::nanoseconds time_left(sync::Deadline deadline) noexcept {
  return deadline == sync::kNever
             ? deadline
             : std::max(deadline - sync::monotonic_now(), std::chrono::nanoseconds(0));
}

[[nodiscard]] inline bool has_passed(sync::Deadline deadline) noexcept {
  return deadline != sync::kNever && sync::monotonic_now() >= deadline;
}

}  // namespace tenure::detail
