// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/queue_plan.hpp"

#include <bit>
#include <string>
#include <utility>

#include "proto/layout/constants.hpp"
#include "proto/layout/queue_head.hpp"

namespace tenure::layout {
namespace {

Error out_of_range(std::string field, std::uint64_t value, std::string range) {
  return {.code = Errc::bad_request,
          .detail = std::move(field) + ": " + std::to_string(value) + "; " + std::move(range) +
                    " are allowed"};
}

}  // namespace

Result<QueuePlan> plan_queue(const QueueShape& shape) {
  if (shape.slots < 1 || shape.slots > kMaxQueueSlots) {
    return out_of_range("slots", shape.slots, "1 to 65535");
  }
  if (shape.lanes < 1 || shape.lanes > kMaxLanes) {
    return out_of_range("lanes", shape.lanes, "1 to 8");
  }
  if (shape.max_deliveries > kMaxDeliveries) {
    return out_of_range("max_deliveries", shape.max_deliveries, "0 to 127");
  }
  QueuePlan plan{};
  plan.capacity.cells = std::bit_ceil(shape.slots + 1);
  plan.slots_offset_bytes = sizeof(QueueHead);
  plan.cells_offset_bytes = plan.slots_offset_bytes + std::uint64_t{shape.slots} * kLineBytes;
  const std::uint64_t ring_bytes = std::uint64_t{plan.capacity.cells} * sizeof(std::uint64_t);
  plan.head_bytes = plan.cells_offset_bytes + shape.rings() * ring_bytes;
  return plan;
}

}  // namespace tenure::layout
