// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "daemon/core/queue_shape.hpp"

namespace tenure::core {

/// A segment of kind queue, but for its memory: what it is, and who takes part in it.
///
/// Each role has an owner index of its own, which stands in the words of the slots that it has: so
/// it is nobody else's until what the role left behind is repaired. Threads: one at a time.
class Queue {
 public:
  Queue(QueueOptions options, const QueueShape& shape)
      : options_(std::move(options)), shape_(shape) {}

  /// As created, the group filled in.
  [[nodiscard]] const QueueOptions& options() const noexcept { return options_; }
  [[nodiscard]] const QueueShape& shape() const noexcept { return shape_; }

  /// The smallest index that nobody has, from 1 up: 0 is the broker.
  /// Errors: too_many  65,535 roles have one each
  [[nodiscard]] Result<std::uint16_t> take_owner();
  void return_owner(std::uint16_t owner) { returned_.insert(owner); }

 private:
  const QueueOptions options_;
  const QueueShape shape_;
  std::uint16_t highest_ = 0;         // That was ever taken.
  std::set<std::uint16_t> returned_;  // Below it.
};

}  // namespace tenure::core
