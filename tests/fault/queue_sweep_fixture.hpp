// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/fault/kill_at_store.hpp"
#include "tests/fault/swept_queue.hpp"
#include "tests/support/private_broker.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::test {

/// What the doomed one pushes.
inline constexpr std::int64_t kDoomed = 77;

/// K = 1, 2, 4 with one lane and two.
inline std::vector<QueueSize> sizes(std::size_t fewest_slots = 1, std::size_t fewest_lanes = 1) {
  std::vector<QueueSize> sizes;
  for (const std::size_t slots : {1U, 2U, 4U}) {
    for (const std::size_t lanes : {1U, 2U}) {
      if (slots >= fewest_slots && lanes >= fewest_lanes) {
        sizes.push_back({.slots = slots, .lanes = lanes});
      }
    }
  }
  return sizes;
}

using ItemVerb = std::function<void(Item&)>;

class QueueSweep : public testing::Test {
 protected:
  // Sweeps a verb in a queue of each size; at least `fewest` rounds, or the verb was not run.
  void sweep_each(const std::vector<QueueSize>& sizes,
                  int fewest,
                  const std::function<int(SweptQueue&)>& sweep,
                  const QueueOptions& options = {}) {
    for (const QueueSize& size : sizes) {
      SweptQueue queue(broker_.socket(), size, options);
      const int rounds = sweep(queue);
      EXPECT_GE(rounds, fewest) << name_of(size);
      rounds_ += rounds;
      if (HasFailure()) {
        break;
      }
    }
    report();
  }
  void report() {
    std::cout << rounds_ << " kills\n";
    RecordProperty("kills", rounds_);
  }

  support::PrivateBroker broker_;
  int rounds_ = 0;
};

/// The doomed one opens a role, and is killed while it acts.
inline Verb with_producer(SweptQueue& queue, const std::function<void(Producer&)>& act) {
  return [&queue, act](Client& client, Doom& doom) {
    Producer producer = or_throw(client.producer(queue.name()));
    doom.arm();
    act(producer);
    steps::step(steps::Access::store);  // Done, and then dead.
  };
}

inline Verb with_consumer(SweptQueue& queue,
                          std::size_t lane,
                          const std::function<void(Consumer&)>& act) {
  return [&queue, lane, act](Client& client, Doom& doom) {
    Consumer consumer = or_throw(client.consumer(queue.name(), {.lane = lane}));
    doom.arm();
    act(consumer);
    steps::step(steps::Access::store);
  };
}

/// Pops, and ends the item.
inline Verb with_item(SweptQueue& queue, const ItemVerb& act, std::size_t lane = 0) {
  return with_consumer(queue, lane, [act](Consumer& consumer) {
    Item item = or_throw(consumer.pop(kNoWait));
    steps::step(steps::Access::store);  // In the middle of reading.
    act(item);
  });
}

/// Whether it is in this lane; else it must be where it was, in lane 0.
inline bool is_at(const Found& found, std::size_t lane) {
  EXPECT_TRUE(found.lane == lane || found.lane == 0) << "in lane " << found.lane;
  return found.lane == lane;
}

}  // namespace tenure::test
