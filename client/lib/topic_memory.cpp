// SPDX-License-Identifier: Apache-2.0
#include "client/lib/topic_memory.hpp"

#include <utility>

#include "proto/layout/constants.hpp"

namespace tenure::detail {

Result<std::shared_ptr<TopicMemory>> TopicMemory::take(
    std::shared_ptr<Session> session,
    wire::Opened opened,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): taken, to be closed.
    std::vector<os::UniqueFd> fds) {
  const std::vector<wire::Grant> grants = std::move(opened.grants);
  SentSchema schema{.tensors = std::move(opened.schema),
                    .fd = opened.schema_fd,
                    .attribute_bytes = opened.attribute_bytes};
  // Made first: whatever fails below, its destructor closes the handle.
  std::shared_ptr<TopicMemory> memory(new TopicMemory(std::move(session), std::move(opened)));
  if (auto filled = memory->fill(std::move(schema), grants, fds); !filled) {
    return std::move(filled).error();
  }
  return memory;
}

TopicMemory::TopicMemory(std::shared_ptr<Session> session, wire::Opened opened)
    : RoleMemory(std::move(session), opened.handle), opened_(std::move(opened)) {
}

Result<void> TopicMemory::check() {
  const bool is_shaped =
      opened_.slots >= 1 && opened_.slots <= layout::kMaxSlots && opened_.subscribers >= 1 &&
      opened_.subscribers <= layout::kMaxSubscribers && opened_.entry < opened_.subscribers;
  if (!is_shaped || opened_.slot_stride_bytes != schema()->plan.stride_bytes) {
    return corrupt("constants out of range");
  }
  const std::size_t bell_bytes = layout::topic_bell_bytes(opened_.subscribers);
  if (maps().head.map.size_bytes() < layout::kTopicHeadBytes ||
      maps().data.map.size_bytes() / opened_.slots < opened_.slot_stride_bytes ||
      (maps().bell.map && maps().bell.map.size_bytes() < bell_bytes)) {
    return corrupt("memory that is too small");
  }
  return check_head(head().constants,
                    {.kind = Kind::topic,
                     .id = opened_.id,
                     .incarnation = opened_.incarnation,
                     .slots = opened_.slots,
                     .slot_stride_bytes = opened_.slot_stride_bytes},
                    head().newest.superseded);
}

}  // namespace tenure::detail
