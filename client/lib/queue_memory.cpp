// SPDX-License-Identifier: Apache-2.0
#include "client/lib/queue_memory.hpp"

#include <limits>
#include <utility>

#include "proto/layout/queue_head.hpp"
#include "proto/layout/queue_plan.hpp"

namespace tenure::detail {

Result<std::shared_ptr<QueueMemory>> QueueMemory::take(
    std::shared_ptr<Session> session,
    wire::OpenedQueue opened,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): taken, to be closed.
    std::vector<os::UniqueFd> fds) {
  const std::vector<wire::Grant> grants = std::move(opened.grants);
  SentSchema schema{.tensors = std::move(opened.schema),
                    .fd = opened.schema_fd,
                    .attribute_bytes = opened.attribute_bytes};
  // Made first: whatever fails below, its destructor closes the handle.
  std::shared_ptr<QueueMemory> memory(new QueueMemory(std::move(session), std::move(opened)));
  if (auto filled = memory->fill(std::move(schema), grants, fds); !filled) {
    return std::move(filled).error();
  }
  return memory;
}

QueueMemory::QueueMemory(std::shared_ptr<Session> session, wire::OpenedQueue opened)
    : RoleMemory(std::move(session), opened.handle), opened_(std::move(opened)) {
}

Result<void> QueueMemory::check() {
  const layout::QueueShape shape{.slots = opened_.slots,
                                 .lanes = opened_.lanes,
                                 .max_deliveries = opened_.max_deliveries,
                                 .is_repeatable = opened_.consume == Consume::repeatable};
  const auto plan = layout::plan_queue(shape);
  const bool is_shaped = plan && opened_.owner >= 1 &&
                         opened_.owner <= std::numeric_limits<std::uint16_t>::max() &&
                         opened_.slot_stride_bytes == schema()->plan.stride_bytes;
  if (!is_shaped) {
    return corrupt("constants out of range");
  }
  if (maps().head.map.size_bytes() < plan->head_bytes ||
      maps().data.map.size_bytes() / opened_.slots < opened_.slot_stride_bytes) {
    return corrupt("memory that is too small");
  }
  if (!maps().head.is_writable) {
    return corrupt("too little was granted");
  }
  const auto& head = *reinterpret_cast<const layout::QueueHead*>(maps().head.map.data());
  queue_.emplace(maps().head.map.data(), shape, *plan);
  return check_head(head.constants,
                    {.kind = Kind::queue,
                     .id = opened_.id,
                     .incarnation = opened_.incarnation,
                     .slots = opened_.slots,
                     .slot_stride_bytes = opened_.slot_stride_bytes},
                    head.state.superseded);
}

}  // namespace tenure::detail
