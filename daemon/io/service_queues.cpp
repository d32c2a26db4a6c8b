// SPDX-License-Identifier: Apache-2.0
// Queues: what is handed out, and what is repaired when somebody has ended.
#include <algorithm>
#include <utility>

#include "daemon/io/log_text.hpp"
#include "daemon/io/opened_packet.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

constexpr std::size_t kMostHolders = 512;  // More fit no packet.

}  // namespace

Result<Outgoing> Service::opened_queue(const core::Handle& handle, Live& live) {
  const shm::QueueSpec& spec = live.queue->spec();
  const QueueOptions& options = registry_.find_by_id(handle.memory.segment)->queue->options();
  wire::OpenedQueue body{.handle = handle.id,
                         .id = handle.memory.segment,
                         .incarnation = handle.memory.incarnation,
                         .slots = spec.rules.slots,
                         .lanes = spec.rules.lanes,
                         .max_deliveries = spec.rules.max_deliveries,
                         .slot_stride_bytes = spec.slot_stride_bytes,
                         .attribute_bytes = spec.attribute_bytes,
                         .when_full = spec.when_full,
                         .consume = spec.consume,
                         .stamp = options.stamp,
                         .owner = handle.owner,
                         .schema = {},
                         .schema_fd = {},
                         .grants = {}};
  const auto parts = live.queue->grant(handle.as);
  if (!parts) {
    return parts.error();
  }
  keep_for_readers(handle, *parts);
  return pack_opened(handle.asker.request,
                     std::move(body),
                     *parts,
                     {.fd = spec.schema, .tensors = options.schema});
}

void Service::repair_queue(shm::QueueMemory& memory, std::vector<std::uint16_t> owners) {
  const std::size_t ended = owners.size();
  const sync::QueueRepairs done = memory.repair(std::move(owners));
  const bool has_moved = done != sync::QueueRepairs{.is_corrupt = done.is_corrupt};
  log_->log(has_moved ? spdlog::level::info : spdlog::level::debug,
            "queue_repaired name={} id={} ended={} freed={} again={} parked={} poisoned={} "
            "listed={} rubbish={}",
            memory.spec().name,
            memory.spec().segment_id,
            ended,
            done.freed,
            done.again,
            done.parked,
            done.poisoned,
            done.listed,
            done.rubbish);
  if (done.is_corrupt) {
    log_->warn("queue_corrupt name={} id={}", memory.spec().name, memory.spec().segment_id);
  }
}

Participant Service::describe_participant(const core::Handle& handle,
                                          const std::vector<sync::HolderStatus>& holders) const {
  Participant one{.peer = registry_.peer(handle.asker.session),
                  .produces = handle.as == wire::OpenAs::produce,
                  .lane = handle.lane};
  const auto held = std::ranges::lower_bound(holders, handle.owner, {}, &sync::HolderStatus::owner);
  if (held != holders.end() && held->owner == handle.owner) {
    one.filling = held->filling;
    one.taken = std::size_t{held->taken} + held->examined;
  }
  return one;
}

wire::HeldBy Service::holders_of(const core::Segment& segment,
                                 const shm::QueueMemory& memory) const {
  const auto holders = memory.holders();
  wire::HeldBy held;
  for (auto user = segment.users.begin();
       user != segment.users.end() && held.participants.size() < kMostHolders;
       ++user) {
    Participant one = describe_participant(*registry_.find_handle(*user), holders);
    if (one.filling != 0 || one.taken != 0) {
      held.participants.push_back(std::move(one));
    }
  }
  return held;
}

}  // namespace tenure::io
