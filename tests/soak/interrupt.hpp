// SPDX-License-Identifier: Apache-2.0
/// SIGINT and SIGTERM end a soak in good order. Its processes do not get the terminal's SIGINT.
#pragma once

#include <csignal>

namespace tenure::soak {

/// Before anything is started.
void catch_interrupts();
[[nodiscard]] bool is_interrupted() noexcept;

/// SIGINT blocked while it lives: what is started meanwhile never sees one.
class InterruptsBlocked {
 public:
  InterruptsBlocked() noexcept;
  InterruptsBlocked(const InterruptsBlocked&) = delete;
  InterruptsBlocked& operator=(const InterruptsBlocked&) = delete;
  ~InterruptsBlocked();

 private:
  ::sigset_t before_{};
};

}  // namespace tenure::soak
