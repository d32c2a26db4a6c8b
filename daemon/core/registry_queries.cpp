// SPDX-License-Identifier: Apache-2.0
// What may be seen, and by whom.
#include <algorithm>

#include "daemon/core/near_name.hpp"
#include "daemon/core/registry.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

constexpr std::size_t kMaxNamesCompared = 1024;  // For a hint; more would delay everybody.
constexpr std::size_t kMaxLetters = 2;

}  // namespace

Result<const Segment*> Registry::find(std::uint32_t session, const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) {
    return not_found(session, name);
  }
  const Segment& segment = segments_.at(found->second);
  if (segment.state != Segment::State::ready ||
      !can_see(sessions_.at(session).identity, segment.ownership())) {
    return not_found(session, name);
  }
  return &segment;
}

Error Registry::not_found(std::uint32_t session, const std::string& name) const {
  Error error{.code = Errc::not_found, .detail = "no such name"};
  const Identity& who = sessions_.at(session).identity;
  const std::size_t bound = std::min(kMaxLetters, name.size() / 2);
  std::size_t nearest = bound + 1;
  std::size_t compared = 0;
  for (auto near = names_.begin(); near != names_.end() && compared < kMaxNamesCompared;
       ++near, ++compared) {
    const Segment& segment = segments_.at(near->second);
    if (segment.state != Segment::State::ready || !can_see(who, segment.ownership())) {
      continue;
    }
    const std::size_t letters = distance(name, near->first, bound);
    if (letters != 0 && letters < nearest) {
      nearest = letters;
      error.hint = near->first + " exists";
    }
  }
  return error;
}

const Segment* Registry::find_by_id(std::uint64_t segment) const {
  const auto found = segments_.find(segment);
  return found == segments_.end() ? nullptr : &found->second;
}

Result<Handle> Registry::handle(std::uint32_t session, std::uint64_t id) const {
  const Handle* found = find_handle(id);
  if (found == nullptr || found->asker.session != session) {
    return Error{.code = Errc::stale,
                 .detail = "no handle " + std::to_string(id) + " in this session"};
  }
  return *found;
}

const Handle* Registry::find_handle(std::uint64_t id) const {
  const auto found = handles_.find(id);
  return found == handles_.end() ? nullptr : &found->second;
}

std::vector<const Segment*> Registry::match(std::uint32_t session,
                                            const wire::List& request,
                                            std::size_t at_most) const {
  const Identity& who = sessions_.at(session).identity;
  std::vector<const Segment*> matching;
  for (auto next = names_.upper_bound(request.after);
       next != names_.end() && matching.size() < at_most;
       ++next) {
    const Segment& segment = segments_.at(next->second);
    if (segment.state == Segment::State::ready && can_see(who, segment.ownership()) &&
        wire::matches(request.glob, segment.name)) {
      matching.push_back(&segment);
    }
  }
  return matching;
}

std::uint64_t Registry::count_visible(std::uint32_t session) const {
  const Identity& who = sessions_.at(session).identity;
  return static_cast<std::uint64_t>(std::ranges::count_if(names_, [&](const auto& named) {
    const Segment& segment = segments_.at(named.second);
    return segment.state == Segment::State::ready && can_see(who, segment.ownership());
  }));
}

SegmentInfo Registry::describe(const Segment& segment) const {
  SegmentInfo info;
  info.name = segment.name;
  info.kind = Kind::topic;
  info.id = segment.memory.segment;
  info.incarnation = segment.memory.incarnation;
  info.size_bytes = segment.shape.total_bytes();
  info.slots = segment.options.slots;
  info.uid = segment.uid;
  info.terms = segment.options.terms;
  info.schema = segment.options.schema;
  info.retention = segment.options.retention;
  info.users = segment.users.size();
  if (segment.publisher) {
    info.publisher = peer(handles_.at(*segment.publisher).asker.session);
  }
  return info;
}

}  // namespace tenure::core
