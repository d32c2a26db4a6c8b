// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "proto/sync/futex.hpp"

namespace tenure::detail {

/// What a role's pollable fd watches: a word that changes when the role's next verb may not have to
/// wait, and what changes without it. Threads: one at a time, under the poll thread's mutex.
class PollSource {
 public:
  PollSource() = default;
  PollSource(const PollSource&) = delete;
  PollSource& operator=(const PollSource&) = delete;
  virtual ~PollSource() = default;

  [[nodiscard]] virtual const sync::FutexWord& word() const noexcept = 0;
  /// How often to look while the role waits.
  [[nodiscard]] virtual std::chrono::nanoseconds look_every() const noexcept {
    return std::chrono::seconds(1);
  }
  /// The role is about to wait.
  virtual void arm() noexcept = 0;
  /// Whether it need not wait any more, as far as the word does not tell.
  [[nodiscard]] virtual bool has_changed() const noexcept = 0;
};

}  // namespace tenure::detail
