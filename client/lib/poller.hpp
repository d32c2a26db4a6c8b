// SPDX-License-Identifier: Apache-2.0
/// Pollable file descriptors: eventfds of this process, written by a thread of the library that
/// sleeps on the futex words of all roles that asked for one.
#pragma once

#include <cstdint>
#include <memory>

#include <tenure/result.hpp>

#include "client/lib/topic_memory.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"
#include "proto/sync/subscriber_scan.hpp"

namespace tenure::detail {

class PollThread;

/// A role's eventfd, and the futex word whose changes are written to it. Must die before the memory
/// that the word lies in. Threads: one at a time, the role's.
class PollTarget {
 public:
  enum class Direction : std::uint8_t { reading, writing };

  /// Makes the eventfd and hands it to a poll thread. It is readable at first: a role must have
  /// been called in vain before it is worth polling.
  /// Errors: too_many  no file descriptor or thread to be had
  [[nodiscard]] static Result<std::unique_ptr<PollTarget>> add(const TopicMemory& memory,
                                                               Direction direction);
  PollTarget(const TopicMemory& memory, Direction direction, os::UniqueFd event) noexcept;
  PollTarget(const PollTarget&) = delete;
  PollTarget& operator=(const PollTarget&) = delete;
  ~PollTarget();  // The poll thread has let go of it when this returns.

  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  /// Before the role's flag goes up and its last look: what made the fd readable so far is over.
  void rearm() noexcept;

 private:
  friend class PollThread;
  [[nodiscard]] bool is_writing() const noexcept { return direction_ == Direction::writing; }
  [[nodiscard]] sync::Needs needs() const noexcept;
  [[nodiscard]] std::uint64_t latest() const noexcept;
  [[nodiscard]] bool has_changed_since_armed() const noexcept;
  // Guarded by the thread's mutex:
  void signal_changes() noexcept;
  void signal() const noexcept;

  const TopicMemory& memory_;
  const Direction direction_;
  const os::UniqueFd event_;
  const sync::FutexWord& word_;
  const std::uint32_t generation_;
  std::shared_ptr<PollThread> thread_;  // Constant after add().
  // Guarded by the thread's mutex:
  std::uint32_t last_;              // The word's value that has been signalled.
  bool is_armed_ = false;           // The role waits while it is so:
  sync::Needs armed_needs_;         // Writing: what the publisher must leave alone.
  std::uint64_t armed_latest_ = 0;  // Reading: the newest bundle.
};

}  // namespace tenure::detail
