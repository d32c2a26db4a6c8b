// SPDX-License-Identifier: Apache-2.0
// Removing and fencing segments.
#include <algorithm>
#include <utility>

#include "daemon/core/registry.hpp"

namespace tenure::core {

Result<void> Registry::remove(std::uint32_t session, const std::string& name) {
  auto found = find(session, name);
  if (!found) {
    return found.error();
  }
  if ((*found)->uid != sessions_.at(session).identity.uid) {
    return Error{.code = Errc::denied,
                 .detail = "it belongs to uid " + std::to_string((*found)->uid),
                 .hint = "only its owner removes it"};
  }
  Segment& segment = segments_.at((*found)->memory.segment);
  notify_users(segment, Event::What::removed);
  drop_name(segment);
  settle(name);  // Who waits for the end of its fence waits in vain.
  return {};
}

void Registry::drop_name(Segment& segment) {
  const std::uint64_t id = segment.memory.segment;
  names_.erase(segment.name);
  segment.state = Segment::State::removed;
  accounts_.return_segment(segment.uid);
  for (const std::uint32_t creator : std::exchange(segment.creators, {})) {
    sessions_.at(creator).created.erase(id);
  }
  release_if_unused(segment.memory);
  forget_if_empty(id);
}

void Registry::drop_if_unused(Segment& segment) {
  if (segment.state == Segment::State::ready && segment.creators.empty() && !segment.is_used() &&
      !segment.is_fencing && segment.terms.lifetime == Lifetime::session) {
    drop_name(segment);
  }
}

void Registry::forget_if_empty(std::uint64_t id) {
  const auto found = segments_.find(id);
  if (found != segments_.end() && found->second.state == Segment::State::removed &&
      !found->second.is_used() && !found->second.is_fencing) {
    segments_.erase(found);
  }
}

void Registry::release_if_unused(MemoryId memory) {
  if (open_counts_.contains(memory)) {
    return;
  }
  const auto found = segments_.find(memory.segment);
  const bool is_reachable = found != segments_.end() && found->second.memory == memory &&
                            found->second.state != Segment::State::removed;
  if (is_reachable) {
    return;
  }
  Released released{.id = memory};
  if (found != segments_.end() && found->second.buffer) {
    auto left = found->second.buffer->grains().leave_all();
    released.writers = std::move(left.writers);
    released.writer_uid = left.writer_uid;
  }
  effects_.released.push_back(std::move(released));
}

void Registry::notify_users(const Segment& segment, Event::What what, const Handle* but) {
  std::set<std::uint32_t> told;
  for (const std::uint64_t id : segment.users) {
    const std::uint32_t session = handles_.at(id).asker.session;
    if ((but == nullptr || but->id != id) && told.insert(session).second) {
      effects_.notices.push_back(
          {.session = session, .event = {.what = what, .segment = segment.name}});
    }
  }
}

Result<MemoryId> Registry::begin_fence(const Handle& publisher) {
  const std::uint64_t id = publisher.memory.segment;
  Segment& segment = segments_.at(id);
  const MemoryId fresh{.segment = id, .incarnation = segment.memory.incarnation + 1};
  if (auto charged = accounts_.charge_memory(fresh, segment.uid, segment.amount()); !charged) {
    return charged.error();
  }
  segment.is_fencing = true;
  waiting_.add_first(
      {.asker = publisher.asker,
       .open = {.name = segment.name, .as = publisher.as, .timeout = publisher.timeout},
       .deadline = publisher.deadline});
  segment.publisher.reset();  // Nobody is told: it never was there for them.
  remove_handle(publisher);
  return fresh;
}

void Registry::finish_fence(std::uint64_t id) {
  Segment& segment = segments_.at(id);
  const MemoryId old = segment.memory;
  const MemoryId fresh{.segment = id, .incarnation = old.incarnation + 1};
  const bool is_removed = segment.state == Segment::State::removed;
  segment.memory = fresh;
  segment.entries.reset();
  notify_users(segment, Event::What::superseded);
  end_fence(segment);
  release_if_unused(old);
  if (is_removed) {
    release_if_unused(fresh);
  }
}

void Registry::abandon_fence(std::uint64_t id, const Error& error) {
  Segment& segment = segments_.at(id);
  accounts_.return_memory({.segment = id, .incarnation = segment.memory.incarnation + 1});
  if (segment.state == Segment::State::ready) {
    const auto waiters = waiting_.waiting_for(segment.name);
    const auto first = std::ranges::find_if(
        waiters, [](const Waiter& waiter) { return waiter.open.as == wire::OpenAs::publish; });
    if (first != waiters.end()) {
      decide(*first, error);
    }
  }
  end_fence(segment);
}

void Registry::end_fence(Segment& segment) {
  const std::uint64_t id = segment.memory.segment;
  segment.is_fencing = false;
  settle(std::string(segment.name));
  drop_if_unused(segment);
  forget_if_empty(id);
}

}  // namespace tenure::core
