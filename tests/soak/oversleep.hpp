// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "tests/soak/worker.hpp"

namespace tenure::soak {

/// How long the threads of this process have waited for a processor, since they began.
[[nodiscard]] std::chrono::nanoseconds run_delay();

/// Finds a waiter that slept on after a publish. The library looks again once a second, which hides
/// a lost wake-up from whoever only asks whether it went on at all; so this asks when.
///
/// The time in which the process could have run, but did not get a processor, does not count, nor
/// does a wait in which it was stopped.
class OversleepCheck {
 public:
  explicit OversleepCheck(Worker& worker) noexcept : worker_(worker) {}

  /// Before a wait for a version after `last`.
  void begin(std::uint64_t last);
  /// After it; `has_news`: it says that there is one.
  void end(bool has_news);

 private:
  [[nodiscard]] std::optional<std::chrono::nanoseconds> news_since() const;

  Worker& worker_;
  std::uint64_t last_ = 0;
  std::uint32_t stops_ = 0;
  std::chrono::nanoseconds began_{0};
  std::chrono::nanoseconds sampled_{0};
  std::chrono::nanoseconds run_delay_{0};
};

}  // namespace tenure::soak
