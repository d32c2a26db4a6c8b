// SPDX-License-Identifier: Apache-2.0
// Opening and closing roles, and those who wait to.
#include <utility>

#include "daemon/core/admission.hpp"
#include "daemon/core/registry.hpp"
#include "proto/layout/constants.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

Time deadline_after(Time now, std::chrono::nanoseconds timeout) noexcept {
  return timeout >= Time::max() - now ? Time::max() : now + timeout;
}

// Whether time may change the answer. A fence is waited for even by those who do not wait: it was
// begun for one of them, and ends by itself.
bool is_waited_for(const Error& error, const wire::Open& request) noexcept {
  return error.code == Errc::superseded ||
         (request.timeout.count() > 0 &&
          (error.code == Errc::not_found || error.code == Errc::has_publisher));
}

std::optional<Time> first_of(const std::set<std::pair<Time, std::uint64_t>>& times) {
  return times.empty() ? std::nullopt : std::optional(times.begin()->first);
}

Error is_moving() {
  return {.code = Errc::superseded, .detail = "the move to fresh memory"};
}

Error timed_out(const Waiter& waiter, const Error& reason) {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(waiter.open.timeout);
  const bool is_end = reason.code == Errc::has_publisher || reason.code == Errc::superseded;
  const char* const what = is_end ? " did not end" : "";
  return {.code = Errc::timed_out,
          .detail = reason.detail + what + " within " + std::to_string(waited.count()) + " ms",
          .hint = reason.code == Errc::has_publisher ? "" : reason.hint};
}

Result<std::uint32_t> take_entry(Segment& segment) {
  const std::size_t slots = segment.options.slots;
  if (slots < layout::kMinViewSlots) {
    return Error{.code = Errc::unsupported,
                 .detail = std::to_string(slots) + " slots; views need at least 3",
                 .hint = "Access::observe takes snapshots of it"};
  }
  for (std::uint32_t entry = 0; entry < segment.options.subscribers; ++entry) {
    if (!segment.entries.test(entry)) {
      segment.entries.set(entry);
      return entry;
    }
  }
  return Error{.code = Errc::too_many,
               .count = segment.options.subscribers,
               .detail = std::to_string(segment.options.subscribers) +
                         " subscribers, as many as the topic was created for"};
}

// What the handle has in its segment, and no other handle has.
Result<void> take_place(Segment& segment, Handle& handle) {
  if (handle.as == wire::OpenAs::subscribe) {
    const auto entry = take_entry(segment);
    if (!entry) {
      return entry.error();
    }
    handle.entry = *entry;
  } else if (segment.queue) {
    const auto owner = segment.queue->take_owner();
    if (!owner) {
      return owner.error();
    }
    handle.owner = *owner;
  } else if (handle.as == wire::OpenAs::publish) {
    segment.publisher = handle.id;
  }
  return {};
}

// Somebody else may have it from here on: effects tell to repair it before.
void return_place(Segment& segment, const Handle& handle) {
  if (handle.as == wire::OpenAs::subscribe && handle.memory == segment.memory) {
    segment.entries.reset(handle.entry);
  } else if (segment.queue) {
    segment.queue->return_owner(handle.owner);
  }
}

}  // namespace

Result<std::optional<Handle>> Registry::open(Asker asker, const wire::Open& request, Time now) {
  if (auto bad = wire::check_name(request.name)) {
    return *std::move(bad);
  }
  if (auto fresh = check_waiting(asker, std::chrono::nanoseconds(0)); !fresh) {
    return fresh.error();
  }
  Waiter waiter{.asker = asker, .open = request};
  if (request.timeout.count() > 0) {
    waiter.deadline = deadline_after(now, request.timeout);
  }
  auto opened = try_open(waiter);
  if (opened) {
    return std::optional(*opened);
  }
  if (!is_waited_for(opened.error(), request)) {
    Error error = opened.error();
    if (error.code == Errc::not_found) {
      error.hint = nearest_name(asker.session, request.name);
    }
    return error;
  }
  if (auto room = check_in_flight(asker.session); !room) {
    return room.error();
  }
  waiting_.add(std::move(waiter));
  schedule_eviction(request.name);
  return std::optional<Handle>();
}

Result<Handle> Registry::try_open(const Waiter& asking) {
  const auto& [asker, request, deadline] = asking;
  auto found = look_up(asker.session, request.name);
  if (!found) {
    return found.error();
  }
  Segment& segment = segments_.at((*found)->memory.segment);
  Session& session = sessions_.at(asker.session);
  if (auto bad = check_admission(session.identity, segment, request)) {
    return *std::move(bad);
  }
  if (session.handles.size() >= limits_.handles_per_session) {
    return Error{.code = Errc::too_many,
                 .count = limits_.handles_per_session,
                 .detail = std::to_string(session.handles.size()) + " roles open in this session"};
  }
  const bool publishes = request.as == wire::OpenAs::publish;
  if (segment.is_fencing && (publishes || request.timeout.count() > 0)) {
    return is_moving();  // A reader that does not wait gets what is there, and is told later.
  }
  if (publishes && segment.publisher) {
    return has_publisher(segment);
  }
  return add_handle(segment, asking);
}

Result<Handle> Registry::add_handle(Segment& segment, const Waiter& asking) {
  Handle handle{.id = last_handle_ + 1,
                .asker = asking.asker,
                .memory = segment.memory,
                .as = asking.open.as,
                .lane = segment.queue ? asking.open.lane : std::nullopt,
                .timeout = asking.open.timeout,
                .deadline = asking.deadline};
  if (auto taken = take_place(segment, handle); !taken) {
    return taken.error();
  }
  last_handle_ = handle.id;
  sessions_.at(handle.asker.session).handles.insert(handle.id);
  segment.users.insert(handle.id);
  ++open_counts_[segment.memory];
  return handles_.emplace(handle.id, handle).first->second;
}

// Takes it out of all books but those of places.
void Registry::remove_handle(const Handle& handle) {
  const Handle removed = handle;
  segments_.at(removed.memory.segment).users.erase(removed.id);
  sessions_.at(removed.asker.session).handles.erase(removed.id);
  if (const auto orphan = orphans_.find(removed.id); orphan != orphans_.end()) {
    evictions_.erase({orphan->second, orphan->first});
    orphans_.erase(orphan);
  }
  handles_.erase(removed.id);
  if (--open_counts_.at(removed.memory) == 0) {
    open_counts_.erase(removed.memory);
    release_if_unused(removed.memory);
  }
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
  return_place(segment, ended);
  remove_handle(ended);
  if (segment.publisher == id) {
    segment.publisher.reset();
    notify_users(segment, Event::What::publisher_gone);
  }
  const std::string name = segment.name;
  const std::uint64_t number = ended.memory.segment;
  drop_if_unused(segment);
  forget_if_empty(number);
  settle(name);
}

void Registry::settle(const std::string& name) {
  for (const Waiter& waiter : waiting_.waiting_for(name)) {
    auto opened = try_open(waiter);
    if (opened) {
      decide(waiter, *opened);
    } else if (!is_waited_for(opened.error(), waiter.open)) {
      decide(waiter, opened.error());
    }
  }
}

void Registry::decide(const Waiter& waiter, std::variant<Handle, Error> result) {
  Outcome outcome{.asker = waiter.asker, .name = waiter.open.name, .result = std::move(result)};
  std::ignore = waiting_.remove(waiter.asker);
  effects_.outcomes.push_back(std::move(outcome));
}

Result<void> Registry::cancel(Asker asker) {
  if (const auto token = token_waits_.find(asker); token != token_waits_.end()) {
    const std::uint64_t segment = token->second;
    std::ignore = segments_.at(segment).buffer->tokens().cancel(asker);
    finish_tokens(segment);
    return {};
  }
  const Waiter* waiter = waiting_.find(asker);
  if (waiter == nullptr) {
    return Error{.code = Errc::not_found,
                 .detail = "no request " + std::to_string(asker.request) + " is waiting"};
  }
  decide(Waiter(*waiter), Error{.code = Errc::cancelled, .detail = "by the client"});
  return {};
}

std::optional<Time> Registry::next_deadline() const {
  std::optional<Time> next = waiting_.next_deadline();
  for (const std::optional<Time>& other : {first_of(evictions_), first_of(token_alarms_)}) {
    next = other && other < next.value_or(Time::max()) ? other : next;
  }
  return next;
}

void Registry::expire(Time now) {
  evict(now);
  expire_tokens(now);
  for (const Waiter& waiter : waiting_.expired(now)) {
    const auto found = look_up(waiter.asker.session, waiter.open.name);
    Error reason{.detail = "no place"};
    if (!found) {
      reason = found.error();
      reason.hint = nearest_name(waiter.asker.session, waiter.open.name);
    } else if ((*found)->is_fencing) {
      reason = is_moving();
    } else if ((*found)->publisher) {
      reason = has_publisher(**found);
    }
    decide(waiter, timed_out(waiter, reason));
  }
}

}  // namespace tenure::core
