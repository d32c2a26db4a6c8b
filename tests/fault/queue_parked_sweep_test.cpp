// SPDX-License-Identifier: Apache-2.0
// The same of what sets bundles aside: parks, half-made changes, parked bundles that are looked at.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/fault/queue_sweep_fixture.hpp"

namespace tenure::test {
namespace {

void change_and_pass_on(Item& item) {
  const auto numbers = or_throw(item.writable<std::int64_t>("x"));
  steps::step(steps::Access::store);  // Half-way.
  numbers[0] = 1;
  or_throw(item.pass_on());
}

TEST_F(QueueSweep, KilledInAPark) {
  sweep_each(sizes(), 12, [](SweptQueue& queue) {
    const bool is_kept = queue.size().slots > 1;
    return queue.sweep(with_item(queue, [](Item& item) { or_throw(item.park()); }),
                       {.prepare = [&queue] { queue.push(1); },
                        .has_happened =
                            [is_kept](const Contents& all) {
                              return is_kept ? is_at(all.at(1), kParked) : !all.find(1);
                            }});
  });
}

TEST_F(QueueSweep, KilledInAParkThatIsOneTooMany) {
  sweep_each(sizes(2), 18, [](SweptQueue& queue) {
    return queue.sweep(with_item(queue, [](Item& item) { or_throw(item.park()); }),
                       {.prepare =
                            [&queue] {
                              queue.push_parked(1);
                              queue.push(2);
                            },
                        .has_happened =
                            [](const Contents& all) {
                              const bool is_parked = is_at(all.at(2), kParked);
                              EXPECT_EQ(all.find(1).has_value(), !is_parked);
                              return is_parked;
                            }});
  });
}

TEST_F(QueueSweep, KilledInANackThatParks) {
  QueueOptions options;
  options.max_deliveries = 1;
  sweep_each(
      sizes(2),
      12,
      [](SweptQueue& queue) {
        return queue.sweep(
            with_item(queue, [](Item& item) { or_throw(item.nack()); }),
            {.prepare = [&queue] { queue.push(1); },
             .has_happened = [](const Contents& all) { return is_at(all.at(1), kParked); }});
      },
      options);
}

TEST_F(QueueSweep, KilledInAChangeInPlace) {
  QueueOptions options;
  options.consume = Consume::in_place;
  sweep_each(
      sizes(1, 2),
      14,
      [](SweptQueue& queue) {
        const bool is_kept = queue.size().slots > 1;
        return queue.sweep(with_item(queue, change_and_pass_on),
                           {.prepare = [&queue] { queue.push(1); },
                            .has_happened =
                                [is_kept](const Contents& all) {
                                  const auto found = is_kept ? all.at(1) : all.find(1);
                                  const std::size_t lane = found ? found->lane : kParked;
                                  EXPECT_EQ(found && found->is_poisoned, found && lane == kParked);
                                  return lane == 1;
                                }});
      },
      options);
}

TEST_F(QueueSweep, KilledInAChangeThatIsRepeatable) {
  QueueOptions options;
  options.consume = Consume::repeatable;
  sweep_each(
      sizes(1, 2),
      14,
      [](SweptQueue& queue) {
        return queue.sweep(
            with_item(queue, change_and_pass_on),
            {.prepare = [&queue] { queue.push(1); },
             .has_happened = [](const Contents& all) { return is_at(all.at(1), 1); }});
      },
      options);
}

TEST_F(QueueSweep, KilledWithAParkedBundle) {
  const std::vector<ItemVerb> verbs{[](Item& item) { or_throw(item.nack()); },
                                    [](Item& item) { or_throw(item.ack()); },
                                    [](Item& item) { or_throw(item.park()); }};
  sweep_each(sizes(2), 36, [&](SweptQueue& queue) {
    const QueuePart nack{
        .prepare = [&queue] { queue.push_parked(1); },
        .has_happened = [](const Contents& all) { return !is_at(all.at(1), kParked); }};
    QueuePart ack = nack;
    ack.has_happened = [](const Contents& all) { return !all.find(1); };
    QueuePart park = nack;
    park.has_happened = [](const Contents& all) { return is_at(all.at(1), kParked); };
    return queue.sweep(with_item(queue, verbs[0], kParked), nack) +
           queue.sweep(with_item(queue, verbs[1], kParked), ack) +
           queue.sweep(with_item(queue, verbs[2], kParked), park);
  });
}

}  // namespace
}  // namespace tenure::test
