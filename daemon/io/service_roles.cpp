// SPDX-License-Identifier: Apache-2.0
// Roles: opened, granted, closed; and topics that move to fresh memory.
#include <utility>

#include "daemon/io/clocks.hpp"
#include "daemon/io/schema_fd.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {

void Service::open(core::Asker asker, const wire::Open& request) {
  const auto opened = registry_.open(asker, request, monotonic_now());
  if (!opened) {
    refuse_named(asker, request.name, opened.error());
  } else if (*opened) {
    grant(**opened);
  }
}

void Service::close(core::Asker asker, const wire::Close& request) {
  if (auto closed = registry_.close(asker.session, request.handle); !closed) {
    refuse(asker.session, asker.request, closed.error());
    return;
  }
  carry_out();  // The answer says that the place is free and the memory in order.
  reply(asker.session, asker.request, wire::Done{});
}

void Service::cancel(core::Asker asker, const wire::Cancel& request) {
  const core::Asker waiting{.session = asker.session, .request = request.id};
  if (auto cancelled = registry_.cancel(waiting); !cancelled) {
    refuse(asker.session, asker.request, cancelled.error());
    return;
  }
  reply(asker.session, asker.request, wire::Done{});
}

// The new publisher is let in only once nobody else can write: what a dead or closed one may still
// have open would change its bundles.
void Service::grant(const core::Handle& handle) {
  Live& live = memories_.at(handle.memory);
  if (handle.as == wire::OpenAs::publish) {
    if (registry_.find_by_id(handle.memory.segment)->is_fencing) {
      return;  // finish_fence() goes on with whoever has the place then.
    }
    if (!live.writers.empty() && live.memory->writers() != shm::Writers::none) {
      fence(handle);
      return;
    }
    live.writers.clear();
  }
  grant_unchecked(handle);
}

void Service::grant_unchecked(const core::Handle& handle) {
  const core::Segment& segment = *registry_.find_by_id(handle.memory.segment);
  Live& live = memories_.at(handle.memory);
  auto packet = opened(handle, segment, live);
  if (!packet) {
    withdraw(handle, packet.error());
    return;
  }
  const Peer peer = registry_.peer(handle.asker.session);
  if (handle.as == wire::OpenAs::publish) {
    live.writers.insert(handle.asker.session);
    live.writer_uid = peer.uid;
    set_limits(segment, handle, live);
  } else {
    if (handle.as == wire::OpenAs::subscribe) {
      live.memory->register_subscriber(handle.entry, is_limited(segment, peer.uid));
    }
    reader_fds_[handle.id] = packet->fds;
  }
  log_->debug("role_opened session={} handle={} name={} as={}",
              handle.asker.session,
              handle.id,
              segment.name,
              static_cast<int>(handle.as));
  outlet_.send(handle.asker.session, *std::move(packet));
}

Result<Outgoing> Service::opened(const core::Handle& handle,
                                 const core::Segment& segment,
                                 Live& live) {
  const shm::TopicSpec& spec = live.memory->spec();
  wire::Opened body{.handle = handle.id,
                    .id = handle.memory.segment,
                    .incarnation = handle.memory.incarnation,
                    .kind = Kind::topic,
                    .slots = spec.slots,
                    .subscribers = spec.subscribers,
                    .slot_stride_bytes = spec.slot_stride_bytes,
                    .attribute_bytes = spec.attribute_bytes,
                    .retention = spec.retention,
                    .lag_limit_ms = spec.lag_limit_ms,
                    .stamp = segment.options.stamp,
                    .entry = handle.entry,
                    .schema = {},
                    .schema_fd = {},
                    .grants = {}};
  auto parts = live.memory->grant(handle.as);
  if (!parts) {
    return parts.error();
  }
  auto schema = write_schema_if_large(segment.options.schema);
  if (!schema) {
    return schema.error();
  }
  Outgoing packet;
  for (shm::Part& part : *parts) {
    body.grants.push_back({.memory = part.memory,
                           .fd = static_cast<std::uint32_t>(packet.fds.size()),
                           .offset_bytes = 0,
                           .length_bytes = part.length_bytes,
                           .right = part.right});
    packet.fds.push_back(std::move(part.fd));
  }
  if (*schema != nullptr) {
    body.schema_fd = static_cast<std::uint32_t>(packet.fds.size());
    packet.fds.push_back(std::move(*schema));
  } else {
    body.schema = segment.options.schema;
  }
  packet.bytes = wire::encode(wire::Reply{.id = handle.asker.request, .body = std::move(body)});
  return packet;
}

void Service::withdraw(const core::Handle& handle, Error error) {
  log_->warn("role_refused session={} error=\"{}\"", handle.asker.session, error.message());
  const std::string name = registry_.find_by_id(handle.memory.segment)->name;
  refuse_named(handle.asker, name, std::move(error));
  static_cast<void>(registry_.close(handle.asker.session, handle.id));
}

// Without a limit of the topic's own, it counts between uids.
bool Service::is_limited(const core::Segment& segment, std::uint32_t reader_uid) const {
  if (segment.options.retention != Retention::lossless) {
    return false;
  }
  std::uint32_t writer_uid = segment.uid;
  if (segment.publisher) {
    const core::Handle* publisher = registry_.find_handle(*segment.publisher);
    writer_uid = registry_.peer(publisher->asker.session).uid;
  }
  return segment.options.lag_limit.has_value() || reader_uid != writer_uid;
}

void Service::set_limits(const core::Segment& segment, const core::Handle& publisher, Live& live) {
  for (const std::uint64_t id : segment.users) {
    const core::Handle* user = registry_.find_handle(id);
    if (user->as == wire::OpenAs::subscribe && user->memory == publisher.memory) {
      const std::uint32_t uid = registry_.peer(user->asker.session).uid;
      live.memory->set_limited(user->entry, is_limited(segment, uid));
    }
  }
}

void Service::fence(const core::Handle& publisher) {
  const core::MemoryId old = publisher.memory;
  if (auto begun = registry_.begin_fence(old.segment); !begun) {
    withdraw(publisher, begun.error());
    return;
  }
  run_slowly(
      [memory = memories_.at(old).memory] { return shm::TopicMemory::make_successor(*memory); },
      [this, old](auto made) { finish_fence(old, std::move(made)); });
}

void Service::finish_fence(core::MemoryId old, Result<std::shared_ptr<shm::TopicMemory>> made) {
  const core::Segment& segment = *registry_.find_by_id(old.segment);
  const auto waiting = segment.publisher;
  if (!made) {
    registry_.abandon_fence(old.segment);
    if (waiting) {
      withdraw(*registry_.find_handle(*waiting), made.error());
    }
    carry_out();
    return;
  }
  if (const auto before = memories_.find(old); before != memories_.end()) {
    (*made)->go_on_counting(*before->second.memory);
    before->second.memory->supersede();
    registry_.keep_memory(old, before->second.writer_uid);
  }
  memories_[{.segment = old.segment, .incarnation = old.incarnation + 1}] = {.memory =
                                                                                 std::move(*made)};
  log_->warn("segment_fenced name={} id={} incarnation={}",
             segment.name,
             old.segment,
             old.incarnation + 1);
  registry_.finish_fence(old.segment);
  carry_out();
  // The place may have changed hands meanwhile: whoever has it now is let in.
  if (const core::Segment* there = registry_.find_by_id(old.segment);
      there != nullptr && there->publisher) {
    grant_unchecked(*registry_.find_handle(*there->publisher));
    carry_out();
  }
}

}  // namespace tenure::io
