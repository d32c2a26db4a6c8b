// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mqueue.h>

#include <cstddef>
#include <span>
#include <string>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {

/// What the kernel has for waking another process and for moving bytes to it. Made before the fork,
/// used on both sides; nothing of it has a name that could be left behind. Threads: one.
class Channels {
 public:
  /// Errors: too_many, no_memory  as the system says
  [[nodiscard]] static Result<Channels> make();
  Channels(Channels&& other) noexcept;
  Channels& operator=(Channels&& other) = delete;
  ~Channels();

  [[nodiscard]] sync::FutexWord& word() const noexcept { return *word_; }
  [[nodiscard]] int event() const noexcept { return event_.get(); }
  /// Whether the kernel has POSIX message queues and lets this user have one.
  [[nodiscard]] bool has_queue() const noexcept { return queue_ != -1; }

  /// Write all of it, or read as much; they block. Errors: cancelled  the other side is gone
  [[nodiscard]] Result<void> write_socket(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> read_socket(std::span<std::byte> bytes);
  [[nodiscard]] Result<void> write_pipe(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> read_pipe(std::span<std::byte> bytes);
  /// In messages of kMessageBytes, the most that a queue takes by default.
  [[nodiscard]] Result<void> write_queue(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> read_queue(std::span<std::byte> bytes);

 private:
  static constexpr std::size_t kMessageBytes = 8192;

  Channels() = default;
  [[nodiscard]] Result<void> open();

  sync::FutexWord* word_ = nullptr;
  os::UniqueFd event_;
  os::UniqueFd socket_here_;
  os::UniqueFd socket_there_;
  os::UniqueFd pipe_read_;
  os::UniqueFd pipe_write_;
  ::mqd_t queue_ = -1;
};

}  // namespace tenure::cli::bench
