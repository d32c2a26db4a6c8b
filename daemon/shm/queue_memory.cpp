// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/queue_memory.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "daemon/shm/huge_pages.hpp"
#include "daemon/shm/memory_limit.hpp"
#include "daemon/shm/stamps.hpp"
#include "proto/os/kernel.hpp"

namespace tenure::shm {
namespace {

Lane lane_of(const sync::LaneStatus& status, std::chrono::nanoseconds coarse_now) {
  Lane lane{.depth = status.depth,
            .again = status.again,
            .taken = status.taken,
            .queued = status.queued,
            .redelivered = status.redelivered,
            .popped = status.popped,
            .sleepers = status.sleepers,
            .pollers = status.pollers};
  if (status.oldest_ns != 0) {
    lane.age = age_of(status.oldest_ns, coarse_now);
  }
  return lane;
}

}  // namespace

Result<std::shared_ptr<QueueMemory>> QueueMemory::make(const QueueSpec& spec) {
  const auto plan = layout::plan_queue(spec.rules);
  if (!plan) {
    return plan.error();
  }
  if (auto there = check_available(spec.head_bytes + spec.data_bytes); !there) {
    return there.error();
  }
  const std::string label = "tenure:" + spec.name.substr(0, 200);
  auto head = Memfd::make(label + ":head", spec.head_bytes);
  if (!head) {
    return head.error();
  }
  auto data = Memfd::make(label + ":data", spec.data_bytes);
  if (!data) {
    return data.error();
  }
  if (spec.pages == Pages::huge) {
    collapse(data->mapping);
  }
  std::shared_ptr<QueueMemory> made(new QueueMemory);
  made->spec_ = spec;
  made->plan_ = *plan;
  made->head_ = std::move(head->memfd);
  made->data_ = std::move(data->memfd);
  made->head_map_ = std::move(head->mapping);
  made->scratch_.resize(spec.rules.slots);
  sync::start_queue(made->queue());
  made->write_constants();
  return made;
}

void QueueMemory::write_constants() noexcept {
  auto& constants = reinterpret_cast<layout::QueueHead*>(head_map_.data())->constants;
  constants.layout_version = layout::kLayoutVersion;
  constants.kind = static_cast<std::uint32_t>(Kind::queue);
  constants.page_bytes = os::page_bytes();
  constants.segment_id = spec_.segment_id;
  constants.incarnation = spec_.incarnation;
  constants.slot_count = spec_.rules.slots;
  constants.lane_count = spec_.rules.lanes;
  constants.slot_stride_bytes = spec_.slot_stride_bytes;
  constants.created_ns = realtime_ns();
  constants.ring_cells = plan_.capacity.cells;
  constants.max_deliveries = spec_.rules.max_deliveries;
  constants.tensor_count = spec_.tensor_count;
  constants.attribute_bytes = spec_.attribute_bytes;
  constants.when_full = static_cast<std::uint32_t>(spec_.when_full);
  constants.consume = static_cast<std::uint32_t>(spec_.consume);
  // release: whoever sees the magic number sees the rest. pairs: head.magic
  constants.magic.store(layout::kMagic, std::memory_order_release);
}

Result<std::vector<Part>> QueueMemory::grant(wire::OpenAs as) {
  using wire::Right;
  const bool writes = as == wire::OpenAs::produce || spec_.consume != Consume::read;
  return hand_out({{wire::Memory::head, Right::write, head_},
                   {wire::Memory::data, writes ? Right::write : Right::read, data_}});
}

Writers QueueMemory::writers() const noexcept {
  const Writers of_head = head_.writers();
  return of_head == Writers::none ? data_.writers() : of_head;
}

Writers QueueMemory::retire() noexcept {
  head_map_ = os::Mapping();
  head_.punch_out();
  data_.punch_out();
  return writers();
}

sync::QueueRepairs QueueMemory::repair(std::vector<std::uint16_t> owners) {
  std::ranges::sort(owners);
  const auto memory = queue();
  return sync::QueueRepair<>(memory, scratch_).run([&](std::uint16_t owner) {
    return std::ranges::binary_search(owners, owner);
  });
}

void QueueMemory::describe(SegmentInfo& info, std::chrono::nanoseconds coarse_now) const {
  const auto status = sync::read_queue_status(queue());
  info.slots_held = spec_.rules.slots - status.free;
  info.finished = status.ended != 0;
  info.parked = std::size_t{status.parked} + status.poisoned;
  info.poisoned = status.poisoned;
  for (const sync::LaneStatus& of_lane : status.lanes) {
    const Lane& lane = info.lanes.emplace_back(lane_of(of_lane, coarse_now));
    if (lane.age) {
      info.age = std::max(info.age.value_or(*lane.age), *lane.age);
    }
  }
}

std::vector<sync::HolderStatus> QueueMemory::holders() const {
  return sync::read_queue_status(queue()).holders;
}

SegmentStat QueueMemory::stat() const {
  const auto status = sync::read_queue_status(queue());
  SegmentStat stat;
  for (const sync::LaneStatus& lane : status.lanes) {
    stat.queued += lane.queued;
    stat.taken += lane.popped;
    stat.redelivered += lane.redelivered;
    stat.wakes += lane.wakes;
  }
  stat.parked = status.set_aside;
  stat.acked = status.acked;
  stat.dropped = status.dropped;
  stat.discarded = status.discarded;
  stat.cancelled = status.cancelled;
  return stat;
}

}  // namespace tenure::shm
