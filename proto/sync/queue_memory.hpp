// SPDX-License-Identifier: Apache-2.0
/// Where the parts of a queue's mapped `head` are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/layout/queue_cell.hpp"
#include "proto/layout/queue_head.hpp"
#include "proto/layout/queue_plan.hpp"
#include "proto/layout/queue_word.hpp"

namespace tenure::sync {

/// Slots, lanes and ring sizes come from the shape and the plan, so no index that was checked
/// against them leads out of the mapping, whatever a peer writes there. Threads: any.
template <template <class> class Atomic>
class QueueMemoryOf {
 public:
  using Word64 = Atomic<std::uint64_t>;
  using State = layout::QueueStateOf<Atomic>;
  using Counters = layout::QueueCountersOf<Atomic>;
  using Wait = layout::QueueWaitOf<Atomic>;
  using Ring = layout::QueueRingOf<Atomic>;
  using Slot = layout::QueueSlotOf<Atomic>;

  /// `head` is mapped, plan.head_bytes long, and outlives this.
  QueueMemoryOf(std::byte* head,
                const layout::QueueShape& shape,
                const layout::QueuePlan& plan) noexcept
      : shape_(shape),
        capacity_(plan.capacity),
        head_(reinterpret_cast<layout::QueueHeadOf<Atomic>*>(head)),
        slots_(reinterpret_cast<Slot*>(head + plan.slots_offset_bytes)),
        cells_(reinterpret_cast<Word64*>(head + plan.cells_offset_bytes)) {}

  [[nodiscard]] const layout::QueueShape& shape() const noexcept { return shape_; }
  [[nodiscard]] layout::RingCapacity capacity() const noexcept { return capacity_; }

  [[nodiscard]] State& state() const noexcept { return head_->state; }
  [[nodiscard]] Counters& counters() const noexcept { return head_->counters; }
  [[nodiscard]] Wait& wait(layout::RingName name) const noexcept {
    return head_->waits[name.wait_index()];
  }
  [[nodiscard]] Ring& ring(layout::RingName name) const noexcept {
    return head_->rings[name.index()];
  }
  [[nodiscard]] Word64& cell(layout::RingName name, std::uint64_t position) const noexcept {
    return cells_[name.index() * capacity_.cells + capacity_.index(position)];
  }
  [[nodiscard]] Slot& slot(std::size_t index) const noexcept { return slots_[index]; }

 private:
  layout::QueueShape shape_;
  layout::RingCapacity capacity_;
  layout::QueueHeadOf<Atomic>* head_;
  Slot* slots_;
  Word64* cells_;
};

}  // namespace tenure::sync
