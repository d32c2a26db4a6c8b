// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::detail {

/// What a wait that was interrupted answers.
[[nodiscard]] inline Error interrupted_error() {
  return {.code = Errc::cancelled, .detail = "interrupted"};
}

/// Lets waits of one client be cancelled: a counter that data waits sleep on, and an eventfd that
/// control waits poll. A wait is cancelled if the counter is not what it was when it began.
/// Threads: any.
class Interruption {
 public:
  Interruption();

  void raise() noexcept;
  [[nodiscard]] std::uint32_t count() const noexcept;
  [[nodiscard]] const sync::FutexWord& word() const noexcept { return count_; }
  /// Readable after raise() until drain(); -1 if there was no fd to be had (waits then look at the
  /// counter once a second).
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  void drain() noexcept;

 private:
  sync::FutexWord count_{0};
  os::UniqueFd event_;
};

}  // namespace tenure::detail
