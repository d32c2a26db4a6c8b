// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <tenure/tenure.hpp>

#include "tests/soak/queue_worker.hpp"

namespace tenure::soak {

/// Finds a consumer that waited on beside a bundle that it could have had. The library looks again
/// once a second, so this asks when the bundle was pushed. In calm rounds only: elsewhere whoever
/// was woken for it may be stopped.
///
/// A wake-up goes to one of those who wait: time in which this process or the soak's own did not
/// get a processor does not count.
class QueueOversleep {
 public:
  explicit QueueOversleep(QueueWorker& worker) noexcept : worker_(worker) {}

  /// Before a verb that may wait; goes on with a wait that has been in vain so far.
  void begin();
  /// It did something else meanwhile.
  void forget() noexcept { is_waiting_ = false; }
  /// It got this one.
  void end(const Item& item);

 private:
  QueueWorker& worker_;
  bool is_waiting_ = false;
  std::chrono::nanoseconds began_{0};
  std::chrono::nanoseconds sampled_{0};
  std::chrono::nanoseconds own_delay_{0};
  std::chrono::nanoseconds host_delay_{0};
};

}  // namespace tenure::soak
