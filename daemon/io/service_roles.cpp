// SPDX-License-Identifier: Apache-2.0
// Roles: opened, granted, closed; and topics that move to fresh memory.
#include <algorithm>
#include <utility>

#include "daemon/io/clocks.hpp"
#include "daemon/io/log_text.hpp"
#include "daemon/io/opened_packet.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

constexpr int kLeaseTries = 50;
constexpr std::chrono::milliseconds kLeasePause{20};

}  // namespace

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
// have open would change its bundles. Into a queue many may write at any time; it is never fenced,
// as that would lose what waits in it.
void Service::grant(const core::Handle& handle) {
  if (handle.as == wire::OpenAs::lend) {
    open_buffer(handle);
    return;
  }
  if (handle.as == wire::OpenAs::publish) {
    Live& live = memories_.at(handle.memory);
    if (!live.writers.empty() && live.memory->writers() != shm::Writers::none) {
      fence(handle);
      return;
    }
    live.writers.clear();
  }
  grant_unchecked(handle, kLeaseTries);
}

// What is granted stays open until it is sent: a client that does not read its answers is granted
// no more for now.
void Service::grant_unchecked(const core::Handle& handle, int tries) {
  if (!outlet_.takes_fds(handle.asker.session)) {
    held_back_[handle.asker.session].push_back(handle.id);
    return;
  }
  const core::Segment& segment = *registry_.find_by_id(handle.memory.segment);
  Live& live = memories_.at(handle.memory);
  auto packet = live.queue ? opened_queue(handle, live) : opened(handle, segment, live);
  if (!packet && packet.error().code == Errc::held && tries > 0) {
    grant_later(handle.id, tries - 1);
    return;
  }
  if (!packet) {
    withdraw(handle, packet.error());
    return;
  }
  if (handle.as == wire::OpenAs::publish) {
    note_writer(handle, live);
    set_limits(segment, handle, live);
  } else if (handle.as == wire::OpenAs::subscribe) {
    const std::uint32_t uid = registry_.peer(handle.asker.session).uid;
    live.memory->register_subscriber(handle.entry, is_limited(segment, uid));
  } else if (live.queue) {
    note_writer(handle, live);
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
  const auto parts = live.memory->grant(handle.as);
  if (!parts) {
    return parts.error();
  }
  keep_for_readers(handle, *parts);
  return pack_opened(handle.asker.request,
                     std::move(body),
                     *parts,
                     {.fd = spec.schema, .tensors = segment.options.schema});
}

void Service::keep_for_readers(const core::Handle& handle, const std::vector<shm::Part>& parts) {
  for (const shm::Part& part : parts) {
    if (part.right == wire::Right::read) {  // A writable one is the client's alone.
      reader_fds_[handle.id].push_back(part.fd);
    }
  }
}

void Service::note_writer(const core::Handle& handle, Live& live) {
  live.writers.insert(handle.asker.session);
  live.writer_uid = registry_.peer(handle.asker.session).uid;
  if (live.writers.size() > live.most_writers) {  // Of a queue: there is no check.
    forget_dead(live.writers);
    live.most_writers = std::max(live.most_writers, 2 * live.writers.size());
  }
}

void Service::forget_dead(std::set<std::uint32_t>& sessions) const {
  std::erase_if(sessions, [&](std::uint32_t one) { return registry_.peer(one).session == 0; });
}

void Service::withdraw(const core::Handle& handle, Error error) {
  log_->warn("role_refused session={} error={}", handle.asker.session, quoted(error.message()));
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

// A process of the broker's own uid has a lease on the memory: the attempt has told it to let go.
void Service::grant_later(std::uint64_t handle, int tries) {
  const auto pause = std::make_shared<asio::steady_timer>(deadline_.get_executor(), kLeasePause);
  pause->async_wait([this, pause, handle, tries](const boost::system::error_code& error) {
    const core::Handle* waiting = registry_.find_handle(handle);
    if (!error && waiting != nullptr) {
      grant_unchecked(core::Handle(*waiting), tries);
      carry_out();
    }
  });
}

void Service::go_on(std::uint32_t session) {
  for (const auto& [segment, waiting] : std::map(waiting_attaches_)) {
    if (std::ranges::find(waiting, session, [](const WaitingAttach& attach) {
          return attach.asker.session;
        }) != waiting.end()) {
      retry_attaches(segment);
    }
  }
  const auto found = held_back_.find(session);
  if (found == held_back_.end()) {
    return;
  }
  std::deque<std::uint64_t>& handles = found->second;
  while (!handles.empty() && outlet_.takes_fds(session)) {
    const core::Handle* next = registry_.find_handle(handles.front());
    handles.pop_front();
    if (next != nullptr) {
      grant_unchecked(core::Handle(*next), kLeaseTries);
    }
  }
  if (handles.empty()) {
    held_back_.erase(found);
  }
  carry_out();
}

// Its client will never be told: what it has not been given yet is free for others.
void Service::drop_held_back(std::uint32_t session) {
  const auto found = held_back_.find(session);
  if (found == held_back_.end()) {
    return;
  }
  for (const std::uint64_t handle : found->second) {
    static_cast<void>(registry_.close(session, handle));
  }
  held_back_.erase(found);
}

void Service::fence(const core::Handle& publisher) {
  const core::MemoryId old = publisher.memory;
  if (auto begun = registry_.begin_fence(publisher); !begun) {
    withdraw(publisher, begun.error());
    return;
  }
  run_slowly(
      [memory = memories_.at(old).memory] { return shm::TopicMemory::make_successor(*memory); },
      [this, old](auto made) { finish_fence(old, std::move(made)); });
}

void Service::finish_fence(core::MemoryId old, Result<std::shared_ptr<shm::TopicMemory>> made) {
  const std::string name = registry_.find_by_id(old.segment)->name;
  if (!made) {
    log_->warn(
        "fence_failed name={} id={} error={}", name, old.segment, quoted(made.error().message()));
    registry_.abandon_fence(old.segment, made.error());
    carry_out();
    return;
  }
  if (const auto before = memories_.find(old); before != memories_.end()) {
    (*made)->go_on_counting(*before->second.memory);
    before->second.memory->supersede();  // Again: whoever can write there may have undone it.
    registry_.keep_memory(old, before->second.writer_uid);
  }
  const core::MemoryId fresh{.segment = old.segment, .incarnation = old.incarnation + 1};
  memories_[fresh] = {.memory = std::move(*made)};
  log_->warn("segment_fenced name={} id={} incarnation={}", name, fresh.segment, fresh.incarnation);
  registry_.finish_fence(old.segment);
  carry_out();
}

}  // namespace tenure::io
