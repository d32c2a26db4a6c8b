// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/os/unique_fd.hpp"

namespace tenure::cli {

/// While it lives, SIGINT and SIGTERM do not end the process: they make fd() readable, so that a
/// loop can leave in good order. One at a time in a process.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The signal that came, 0: none so far.
  [[nodiscard]] int signal() const noexcept;
  /// What a shell reports for a program that the signal ended: 130 for SIGINT. 0: none came.
  [[nodiscard]] int exit_status() const noexcept;

 private:
  os::UniqueFd fd_;
};

}  // namespace tenure::cli
