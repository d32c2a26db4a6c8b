// SPDX-License-Identifier: Apache-2.0
// Declaring, removing and fencing segments.
#include <algorithm>
#include <utility>

#include "daemon/core/registry.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

Accounts::Amount amount_of(const TopicShape& shape) noexcept {
  return {.bytes = shape.total_bytes() + shape.schema_bytes,
          .has_schema_fd = shape.schema_bytes != 0};
}

}  // namespace

Segment* Registry::find_named(const std::string& name) {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &segments_.at(found->second);
}

Result<void> Registry::check_in_flight(std::uint32_t session) const {
  const std::size_t count =
      waiting_.count_of_session(session) + sessions_.at(session).creates_in_flight;
  if (count < limits_.requests_in_flight) {
    return {};
  }
  return Error{.code = Errc::too_many,
               .count = limits_.requests_in_flight,
               .detail = std::to_string(count) + " requests of this session are waiting",
               .hint = "cancel some"};
}

Result<Registry::Declared> Registry::declare(Asker asker, const wire::CreateTopic& request) {
  if (auto bad = wire::check_name(request.name)) {
    return *std::move(bad);
  }
  if (auto room = check_in_flight(asker.session); !room) {
    return room.error();
  }
  const Identity& who = sessions_.at(asker.session).identity;
  TopicOptions options = request.options;
  options.terms.gid = options.terms.gid.value_or(who.gid);
  // Also where it is there already: what differs is then named, and must be fit for that.
  if (auto shape = shape_topic(options, limits_.page_bytes); !shape) {
    return shape.error();
  }
  if (Segment* there = find_named(request.name)) {
    return join(asker, *there, options);
  }
  if (!is_member(who, *options.terms.gid)) {
    return Error{.code = Errc::denied,
                 .detail = "gid: uid " + std::to_string(who.uid) + " is not in group " +
                           std::to_string(*options.terms.gid),
                 .hint = "name a group that the process is in, or none"};
  }
  auto made = make_segment(asker, {.name = request.name, .options = std::move(options)});
  if (!made) {
    return made.error();
  }
  return Declared{.segment = *made, .existed = false};
}

Result<Registry::Declared> Registry::join(Asker asker,
                                          Segment& segment,
                                          const TopicOptions& options) {
  Session& session = sessions_.at(asker.session);
  if (segment.uid != session.identity.uid) {
    return Error{
        .code = Errc::exists, .detail = "it belongs to another uid", .hint = "choose another name"};
  }
  if (auto difference = first_difference(segment.options, options)) {
    return Error{.code = Errc::exists,
                 .detail = *std::move(difference),
                 .hint = "remove it first, or declare it as it is"};
  }
  segment.creators.insert(asker.session);
  session.created.insert(segment.memory.segment);
  if (segment.state == Segment::State::creating) {
    segment.creating.push_back(asker);
    ++session.creates_in_flight;
  }
  return Declared{.segment = &segment, .existed = true};
}

Result<Segment*> Registry::make_segment(Asker asker, const wire::CreateTopic& request) {
  const auto shape = shape_topic(request.options, limits_.page_bytes);
  if (!shape) {
    return shape.error();
  }
  Session& session = sessions_.at(asker.session);
  const std::uint32_t uid = session.identity.uid;
  if (auto charged = accounts_.charge_segment(uid); !charged) {
    return charged.error();
  }
  const MemoryId memory{.segment = last_segment_ + 1, .incarnation = 1};
  if (auto charged = accounts_.charge_memory(memory, uid, amount_of(*shape)); !charged) {
    accounts_.return_segment(uid);
    return charged.error();
  }
  ++last_segment_;
  Segment& segment = segments_[memory.segment];
  segment.memory = memory;
  segment.name = request.name;
  segment.uid = uid;
  segment.options = request.options;
  segment.shape = *shape;
  segment.creators.insert(asker.session);
  segment.creating.push_back(asker);
  session.created.insert(memory.segment);
  ++session.creates_in_flight;
  names_.emplace(request.name, memory.segment);
  return &segment;
}

std::vector<Asker> Registry::complete(std::uint64_t id, bool is_made) {
  Segment& segment = segments_.at(id);
  std::vector<Asker> askers = std::exchange(segment.creating, {});
  for (const Asker& asker : askers) {
    --sessions_.at(asker.session).creates_in_flight;
  }
  if (!is_made) {
    for (const std::uint32_t creator : std::exchange(segment.creators, {})) {
      sessions_.at(creator).created.erase(id);
    }
    accounts_.return_memory(segment.memory);
    accounts_.return_segment(segment.uid);
    names_.erase(segment.name);
    segments_.erase(id);
    return askers;
  }
  segment.state = Segment::State::ready;
  const std::string name = segment.name;
  drop_if_unused(segment);  // Whoever asked for it may be dead by now.
  settle(name);
  return askers;
}

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
  if (segment.state == Segment::State::ready && segment.creators.empty() && segment.users.empty() &&
      !segment.is_fencing && segment.options.terms.lifetime == Lifetime::session) {
    drop_name(segment);
  }
}

void Registry::forget_if_empty(std::uint64_t id) {
  const auto found = segments_.find(id);
  if (found != segments_.end() && found->second.state == Segment::State::removed &&
      found->second.users.empty() && !found->second.is_fencing) {
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
  if (!is_reachable) {
    effects_.released.push_back(memory);
  }
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
  const auto amount = amount_of(segment.shape);
  if (auto charged = accounts_.charge_memory(fresh, segment.uid, amount); !charged) {
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
