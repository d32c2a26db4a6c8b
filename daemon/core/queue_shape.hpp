// SPDX-License-Identifier: Apache-2.0
/// What a queue's options come to: checked, compared, turned into bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tenure/queue.hpp>

#include "proto/layout/queue_plan.hpp"

namespace tenure::core {

/// Sizes of a queue's two parts, in whole pages.
struct QueueShape {
  std::uint64_t slot_stride_bytes = 0;
  std::uint64_t head_bytes = 0;
  std::uint64_t data_bytes = 0;
  /// Of the schema's text, at most, where it travels as a memfd because it may not fit a packet;
  /// else 0. Charged, but no part of the segment.
  std::uint64_t schema_bytes = 0;

  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return head_bytes + data_bytes; }
};

/// What the rules of a queue depend on. The options were accepted by shape_queue().
[[nodiscard]] layout::QueueShape rules_of(const QueueOptions& options) noexcept;

/// Errors: bad_request  the detail names the field and what is allowed
[[nodiscard]] Result<QueueShape> shape_queue(const QueueOptions& options, std::uint32_t page_bytes);

/// "slots: 4 there, 8 asked for"; nothing if they are equal. Both have their group set.
[[nodiscard]] std::optional<std::string> first_difference(const QueueOptions& there,
                                                          const QueueOptions& asked);

}  // namespace tenure::core
