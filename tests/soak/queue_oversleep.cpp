// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_oversleep.hpp"

#include <algorithm>
#include <string>

#include "tests/soak/oversleep.hpp"
#include "tests/soak/queue_stamp.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// More than anything but the next look of a sleeper, which comes after a second, should take.
constexpr auto kMostLate = 400ms;
constexpr auto kSampleAge = 50ms;

std::chrono::nanoseconds delay_of(const QueueBoard& queue) {
  return std::chrono::nanoseconds(queue.host_delay_ns);
}

}  // namespace

void QueueOversleep::begin() {
  if (is_waiting_) {
    return;
  }
  is_waiting_ = true;
  began_ = now();
  if (began_ - sampled_ > kSampleAge) {  // An older sample counts more delay: never a false alarm.
    sampled_ = began_;
    own_delay_ = run_delay();
    host_delay_ = delay_of(worker_.queue());
  }
}

void QueueOversleep::end(const Item& item) {
  is_waiting_ = false;
  const auto ended = now();
  const ItemId id = id_of(item);
  const bool is_fresh = item.deliveries() == 1 && worker_.pushed_to(id) == worker_.spec().lane;
  if (ended - began_ < kMostLate || !is_fresh || worker_.queue().has_faults) {
    return;
  }
  const auto at = worker_.ledger().pushed_by(id);
  if (!at) {
    return;
  }
  const auto delays = run_delay() - own_delay_ + delay_of(worker_.queue()) - host_delay_;
  const auto late = ended - std::max(*at, began_) - delays;
  if (late > kMostLate) {
    worker_.violation(
        "overslept " + describe(id) + " by " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) +
        " ms");
  }
}

}  // namespace tenure::soak
