// SPDX-License-Identifier: Apache-2.0
// Declaring, removing and fencing segments.
#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/core/registry.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

constexpr std::uint64_t kTopicMemfds = 3;

Accounts::Amount amount_of(const Segment& segment) noexcept {
  return {.bytes = segment.size_bytes() + segment.schema_bytes(),
          .has_schema_fd = segment.schema_bytes() != 0,
          .memfds = segment.buffer ? segment.buffer->shape().grain_count() : kTopicMemfds};
}

std::optional<std::string> difference_of(const Segment& there, const Declaration& asked) {
  if (const auto* buffer = std::get_if<BufferOptions>(&asked.options)) {
    return there.buffer ? first_difference(there.buffer->options(), *buffer)
                        : std::optional<std::string>("kind: topic there, buffer asked for");
  }
  return there.buffer ? std::optional<std::string>("kind: buffer there, topic asked for")
                      : first_difference(there.options, std::get<TopicOptions>(asked.options));
}

}  // namespace

Segment* Registry::find_named(const std::string& name) {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &segments_.at(found->second);
}

Result<void> Registry::check_in_flight(std::uint32_t session) const {
  const std::size_t count =
      waiting_.count_of_session(session) + sessions_.at(session).creates_in_flight +
      static_cast<std::size_t>(
          std::distance(token_waits_.lower_bound({.session = session, .request = 0}),
                        token_waits_.upper_bound({.session = session, .request = kLastRequest})));
  if (count < limits_.requests_in_flight) {
    return {};
  }
  return Error{.code = Errc::too_many,
               .count = limits_.requests_in_flight,
               .detail = std::to_string(count) + " requests of this session are waiting",
               .hint = "cancel some"};
}

Result<Registry::Declared> Registry::declare(Asker asker, Declaration declaration) {
  if (auto bad = wire::check_name(declaration.name)) {
    return *std::move(bad);
  }
  if (auto room = check_in_flight(asker.session); !room) {
    return room.error();
  }
  const Identity& who = sessions_.at(asker.session).identity;
  Terms& terms = declaration.terms();
  terms.gid = terms.gid.value_or(who.gid);
  // Also where it is there already: what differs is then named, and must be fit for that.
  Segment segment;
  segment.memory = {.segment = last_segment_ + 1, .incarnation = 1};
  if (auto shaped = shape(segment, declaration); !shaped) {
    return shaped.error();
  }
  if (Segment* there = find_named(declaration.name)) {
    return join(asker, *there, declaration);
  }
  if (!is_member(who, *terms.gid)) {
    return Error{.code = Errc::denied,
                 .detail = "gid: uid " + std::to_string(who.uid) + " is not in group " +
                           std::to_string(*terms.gid),
                 .hint = "name a group that the process is in, or none"};
  }
  auto made = add_segment(asker, std::move(segment));
  if (!made) {
    return made.error();
  }
  return Declared{.segment = *made, .existed = false};
}

// What follows from the declaration alone.
Result<void> Registry::shape(Segment& segment, Declaration& declaration) {
  segment.name = declaration.name;
  segment.terms = declaration.terms();
  if (const auto* options = std::get_if<BufferOptions>(&declaration.options)) {
    auto shape = shape_buffer(*options, limits_.page_bytes);
    if (!shape) {
      return shape.error();
    }
    segment.buffer = std::make_unique<Buffer>(segment.memory.segment,
                                              segment.name,
                                              *options,
                                              *shape,
                                              limits_.page_bytes,
                                              static_cast<TokenBooks&>(*this));
    return {};
  }
  segment.options = std::get<TopicOptions>(declaration.options);
  auto shape = shape_topic(segment.options, limits_.page_bytes);
  if (!shape) {
    return shape.error();
  }
  segment.shape = *shape;
  return {};
}

Result<Registry::Declared> Registry::join(Asker asker,
                                          Segment& segment,
                                          const Declaration& declaration) {
  Session& session = sessions_.at(asker.session);
  if (segment.uid != session.identity.uid) {
    return Error{
        .code = Errc::exists, .detail = "it belongs to another uid", .hint = "choose another name"};
  }
  if (auto difference = difference_of(segment, declaration)) {
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

Result<Segment*> Registry::add_segment(Asker asker, Segment made) {
  Session& session = sessions_.at(asker.session);
  made.uid = session.identity.uid;
  if (auto charged = accounts_.charge_segment(made.uid); !charged) {
    return charged.error();
  }
  if (auto charged = accounts_.charge_memory(made.memory, made.uid, amount_of(made)); !charged) {
    accounts_.return_segment(made.uid);
    return charged.error();
  }
  made.creators.insert(asker.session);
  made.creating.push_back(asker);
  session.created.insert(made.memory.segment);
  ++session.creates_in_flight;
  last_segment_ = made.memory.segment;
  names_.emplace(made.name, last_segment_);
  return &segments_.emplace(last_segment_, std::move(made)).first->second;
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
  if (segment.buffer && !askers.empty()) {
    lend_root(segment, askers.front());
  }
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
  if (auto charged = accounts_.charge_memory(fresh, segment.uid, amount_of(segment)); !charged) {
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
