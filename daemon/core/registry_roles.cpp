// SPDX-License-Identifier: Apache-2.0
// Opening and closing roles, and those who wait to.
#include <utility>

#include "daemon/core/registry.hpp"
#include "proto/layout/constants.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

Time deadline_after(Time now, std::chrono::nanoseconds timeout) noexcept {
  return timeout >= Time::max() - now ? Time::max() : now + timeout;
}

// Whether time may change the answer.
bool can_wait_for(const Error& error) noexcept {
  return error.code == Errc::not_found || error.code == Errc::has_publisher;
}

Error timed_out(const Waiter& waiter, const Error& reason) {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(waiter.open.timeout);
  const char* const what = reason.code == Errc::has_publisher ? " did not end" : "";
  return {.code = Errc::timed_out,
          .detail = reason.detail + what + " within " + std::to_string(waited.count()) + " ms",
          .hint = reason.code == Errc::has_publisher ? "" : reason.hint};
}

}  // namespace

Result<std::optional<Handle>> Registry::open(Asker asker, const wire::Open& request, Time now) {
  if (auto bad = wire::check_name(request.name)) {
    return *std::move(bad);
  }
  auto opened = try_open(asker, request);
  if (opened) {
    return std::optional(*opened);
  }
  if (request.timeout.count() <= 0 || !can_wait_for(opened.error())) {
    return opened.error();
  }
  if (auto room = check_in_flight(asker.session); !room) {
    return room.error();
  }
  if (waiting_.find(asker) != nullptr) {
    return Error{.code = Errc::bad_request, .detail = "id: a request with it is waiting"};
  }
  waiting_.add({.asker = asker, .open = request, .deadline = deadline_after(now, request.timeout)});
  return std::optional<Handle>();
}

Result<Handle> Registry::try_open(Asker asker, const wire::Open& request) {
  auto found = find(asker.session, request.name);
  if (!found) {
    return found.error();
  }
  Segment& segment = segments_.at((*found)->memory.segment);
  Session& session = sessions_.at(asker.session);
  const std::uint32_t needed = rights_needed(request.as);
  const std::uint32_t has = rights_of(session.identity, segment.ownership());
  if ((has & needed) != needed) {
    return Error{.code = Errc::denied,
                 .detail = "uid " + std::to_string(session.identity.uid) + " has " + to_text(has) +
                           ", needs " + to_text(needed)};
  }
  if (session.handles.size() >= limits_.handles_per_session) {
    return Error{.code = Errc::too_many,
                 .count = limits_.handles_per_session,
                 .detail = std::to_string(session.handles.size()) + " roles open in this session"};
  }
  if (request.as == wire::OpenAs::publish && segment.publisher) {
    return has_publisher(segment);
  }
  std::uint32_t entry = 0;
  if (request.as == wire::OpenAs::subscribe) {
    auto taken = take_entry(segment);
    if (!taken) {
      return taken.error();
    }
    entry = *taken;
    segment.entries.set(entry);
  }
  const Handle handle{.id = ++last_handle_,
                      .asker = asker,
                      .memory = segment.memory,
                      .as = request.as,
                      .entry = entry};
  if (request.as == wire::OpenAs::publish) {
    segment.publisher = handle.id;
  }
  handles_.emplace(handle.id, handle);
  session.handles.insert(handle.id);
  segment.users.insert(handle.id);
  ++open_counts_[segment.memory];
  return handle;
}

Result<std::uint32_t> Registry::take_entry(Segment& segment) const {
  const std::size_t slots = segment.options.slots;
  if (slots < layout::kMinViewSlots) {
    return Error{.code = Errc::unsupported,
                 .detail = std::to_string(slots) + " slots; views need at least 3",
                 .hint = "Access::observe takes snapshots of it"};
  }
  for (std::uint32_t entry = 0; entry < segment.options.subscribers; ++entry) {
    if (!segment.entries.test(entry)) {
      return entry;
    }
  }
  return Error{.code = Errc::too_many,
               .count = segment.options.subscribers,
               .detail = std::to_string(segment.options.subscribers) +
                         " subscribers, as many as the topic was created for"};
}

Error Registry::has_publisher(const Segment& segment) const {
  const std::uint32_t session = handles_.at(*segment.publisher).asker.session;
  return {.code = Errc::has_publisher,
          .detail = to_text(peer(session)),
          .hint = "wait with a deadline for it to end"};
}

Result<void> Registry::close(std::uint32_t session, std::uint64_t id) {
  if (auto found = handle(session, id); !found) {
    return found.error();
  }
  end_handle(id);
  return {};
}

void Registry::end_handle(std::uint64_t id) {
  const Handle ended = handles_.at(id);
  Segment& segment = segments_.at(ended.memory.segment);
  effects_.ended.push_back(ended);
  segment.users.erase(id);
  sessions_.at(ended.asker.session).handles.erase(id);
  if (segment.publisher == id) {
    segment.publisher.reset();
    notify_users(segment, Event::What::publisher_gone);
  }
  if (ended.as == wire::OpenAs::subscribe && ended.memory == segment.memory) {
    segment.entries.reset(ended.entry);
  }
  handles_.erase(id);
  if (--open_counts_.at(ended.memory) == 0) {
    open_counts_.erase(ended.memory);
    release_if_unused(ended.memory);
  }
  const std::string name = segment.name;
  const std::uint64_t number = ended.memory.segment;
  drop_if_unused(segment);
  forget_if_empty(number);
  settle(name);
}

void Registry::settle(const std::string& name) {
  for (const Waiter& waiter : waiting_.waiting_for(name)) {
    auto opened = try_open(waiter.asker, waiter.open);
    if (!opened && can_wait_for(opened.error())) {
      continue;
    }
    std::ignore = waiting_.remove(waiter.asker);
    Outcome outcome{.asker = waiter.asker, .name = name, .result = Error{}};
    if (opened) {
      outcome.result = *opened;
    } else {
      outcome.result = opened.error();
    }
    effects_.outcomes.push_back(std::move(outcome));
  }
}

Result<void> Registry::cancel(Asker asker) {
  const Waiter* waiter = waiting_.find(asker);
  if (waiter == nullptr) {
    return Error{.code = Errc::not_found,
                 .detail = "no request " + std::to_string(asker.request) + " is waiting"};
  }
  effects_.outcomes.push_back(
      {.asker = asker,
       .name = waiter->open.name,
       .result = Error{.code = Errc::cancelled, .detail = "by the client"}});
  std::ignore = waiting_.remove(asker);
  return {};
}

std::optional<Time> Registry::next_deadline() const {
  std::optional<Time> next = waiting_.next_deadline();
  for (const std::uint32_t number : disconnected_) {
    const Time evicted_at = *sessions_.at(number).disconnected_at + kDisconnectedGrace;
    if ((!next || evicted_at < *next) && !wanted_places(number).empty()) {
      next = evicted_at;
    }
  }
  return next;
}

void Registry::expire(Time now) {
  evict_disconnected(now);
  for (const Waiter& waiter : waiting_.expired(now)) {
    const auto found = find(waiter.asker.session, waiter.open.name);
    const Error reason = !found                ? found.error()
                         : (*found)->publisher ? has_publisher(**found)
                                               : Error{.detail = "no place"};
    std::ignore = waiting_.remove(waiter.asker);
    effects_.outcomes.push_back(
        {.asker = waiter.asker, .name = waiter.open.name, .result = timed_out(waiter, reason)});
  }
}

}  // namespace tenure::core
