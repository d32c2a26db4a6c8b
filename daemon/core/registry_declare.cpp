// SPDX-License-Identifier: Apache-2.0
// Declaring segments, until their memory stands.
#include <iterator>
#include <utility>

#include "daemon/core/declared_text.hpp"
#include "daemon/core/registry.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

std::optional<std::string> difference_of(const Segment& there, const Declaration& asked) {
  if (there.kind() != asked.kind()) {
    return differ("kind", to_text(there.kind()), to_text(asked.kind()));
  }
  if (const auto* buffer = std::get_if<BufferOptions>(&asked.options)) {
    return first_difference(there.buffer->options(), *buffer);
  }
  if (const auto* queue = std::get_if<QueueOptions>(&asked.options)) {
    return first_difference(there.queue->options(), *queue);
  }
  return first_difference(there.options, std::get<TopicOptions>(asked.options));
}

Result<void> take(Segment& segment, const TopicOptions& options, std::uint32_t page_bytes) {
  const auto shape = shape_topic(options, page_bytes);
  if (!shape) {
    return shape.error();
  }
  segment.options = options;
  segment.shape = *shape;
  return {};
}

Result<void> take(Segment& segment, const QueueOptions& options, std::uint32_t page_bytes) {
  const auto shape = shape_queue(options, page_bytes);
  if (!shape) {
    return shape.error();
  }
  segment.queue = std::make_unique<Queue>(options, *shape);
  return {};
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
  if (const auto* options = std::get_if<QueueOptions>(&declaration.options)) {
    return take(segment, *options, limits_.page_bytes);
  }
  return take(segment, std::get<TopicOptions>(declaration.options), limits_.page_bytes);
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
  if (auto charged = accounts_.charge_memory(made.memory, made.uid, made.amount()); !charged) {
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

}  // namespace tenure::core
