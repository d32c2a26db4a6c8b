// SPDX-License-Identifier: Apache-2.0
/// Pollable file descriptors: eventfds of this process, written by a thread of the library that
/// sleeps on the futex words of all roles that asked for one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <tenure/result.hpp>

#include "client/lib/poll_source.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::detail {

class PollThread;

/// A role's eventfd, and what is watched for it. Must die before the memory that is watched.
/// Threads: one at a time, the role's.
class PollTarget {
 public:
  /// Makes the eventfd and hands it to a poll thread. It is readable at first: a role must have
  /// been called in vain before it is worth polling. `generation`: whose memory is watched.
  /// Errors: too_many  no file descriptor or thread to be had
  [[nodiscard]] static Result<std::unique_ptr<PollTarget>> add(std::unique_ptr<PollSource> source,
                                                               std::uint32_t generation);
  PollTarget(std::unique_ptr<PollSource> source,
             std::uint32_t generation,
             os::UniqueFd event) noexcept;
  PollTarget(const PollTarget&) = delete;
  PollTarget& operator=(const PollTarget&) = delete;
  ~PollTarget();  // The poll thread has let go of it when this returns.

  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  /// Before the role says that it waits and looks for the last time: what made the fd readable so
  /// far is over.
  void rearm() noexcept;

 private:
  friend class PollThread;
  // Guarded by the thread's mutex:
  void signal_changes() noexcept;
  void signal() const noexcept;
  [[nodiscard]] std::chrono::nanoseconds look_every() const noexcept;

  const std::unique_ptr<PollSource> source_;  // Used under the thread's mutex.
  const os::UniqueFd event_;
  const sync::FutexWord& word_;
  const std::uint32_t generation_;
  std::shared_ptr<PollThread> thread_;  // Constant after add().
  // Guarded by the thread's mutex:
  std::uint32_t last_;     // The word's value that has been signalled.
  bool is_armed_ = false;  // The role waits while it is so.
};

}  // namespace tenure::detail
