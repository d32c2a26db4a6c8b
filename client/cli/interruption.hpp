// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tenure::cli {

/// While it lives, the first SIGINT or SIGTERM does not end the process but is remembered, so that
/// a verb can put things in order. A second one ends it at once, and so does the first after two
/// seconds: a call to a broker that was stopped, say, is no reason to stay. One at a time in a
/// process. A verb that leaves nothing behind needs none of this.
class Interruption {
 public:
  Interruption() noexcept;
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// The signal that came, 0: none so far.
  [[nodiscard]] int signal() const noexcept;
  /// What a shell reports for a program that the signal ended: 130 for SIGINT. 0: none came.
  [[nodiscard]] int exit_status() const noexcept;
};

}  // namespace tenure::cli
