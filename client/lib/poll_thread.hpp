// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <tenure/result.hpp>

#include "proto/sync/futex.hpp"

namespace tenure::detail {

class PollTarget;

/// One thread that watches up to 127 words with one futex_waitv (and one word where the kernel has
/// none). It ends with its last target. It blocks every signal. Threads: any.
class PollThread : public std::enable_shared_from_this<PollThread> {
 public:
  /// A running thread that watches `target`, one that has room or a new one.
  /// Errors: too_many  no thread to be had
  [[nodiscard]] static Result<std::shared_ptr<PollThread>> watch(PollTarget& target);
  /// When this returns the thread does not know `target` any more.
  void forget(PollTarget& target) noexcept;

  /// Guards the mutable part of its targets.
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
  /// Makes the thread look at its targets again.
  void nudge() noexcept;

 private:
  struct Pool;
  static Pool& pool();
  bool try_add(PollTarget& target);
  void run();
  [[nodiscard]] sync::Deadline fill(std::vector<sync::WaitWord>& words) const;

  sync::FutexWord control_{0};
  std::mutex mutex_;
  std::vector<PollTarget*> targets_;  // guarded by mutex_
  bool has_ended_ = false;            // guarded by mutex_
};

}  // namespace tenure::detail
