// SPDX-License-Identifier: Apache-2.0
// What may be seen, and by whom.
#include <algorithm>

#include "daemon/core/near_name.hpp"
#include "daemon/core/registry.hpp"
#include "proto/wire/names.hpp"

namespace tenure::core {
namespace {

// For a hint; more would delay everybody.
constexpr std::size_t kMaxNamesLookedAt = 1024;
constexpr std::size_t kMaxNamesCompared = 64;
constexpr std::size_t kMaxLetters = 2;

void describe(SegmentInfo& info, const Buffer& buffer) {
  info.grain_bytes = buffer.shape().grain_bytes;
  info.handover = buffer.options().handover;
  info.tokens = buffer.tokens().token_count();
  for (const FixedTensor& tensor : buffer.options().schema) {
    info.schema.push_back(tensor.spec);
    info.offsets_bytes.push_back(tensor.offset_bytes);
  }
}

void describe(SegmentInfo& info, const Queue& queue) {
  const QueueOptions& options = queue.options();
  info.slots = options.slots;
  info.schema = options.schema;
  info.consume = options.consume;
  info.when_full = options.when_full;
  info.max_deliveries = options.max_deliveries;
}

}  // namespace

Result<const Segment*> Registry::find(std::uint32_t session, const std::string& name) const {
  auto found = look_up(session, name);
  if (!found) {
    Error error = found.error();
    error.hint = nearest_name(session, name);
    return error;
  }
  return found;
}

Result<const Segment*> Registry::look_up(std::uint32_t session, const std::string& name) const {
  if (const auto found = names_.find(name); found != names_.end()) {
    const Segment& segment = segments_.at(found->second);
    if (segment.state == Segment::State::ready &&
        can_see(sessions_.at(session).identity, segment.ownership())) {
      return &segment;
    }
  }
  return Error{.code = Errc::not_found, .detail = "no such name"};
}

std::string Registry::nearest_name(std::uint32_t session, const std::string& name) const {
  const Identity& who = sessions_.at(session).identity;
  const std::size_t bound = std::min(kMaxLetters, name.size() / 2);
  // Names that begin alike stand beside it.
  auto near = names_.lower_bound(name);
  for (std::size_t i = 0; i < kMaxNamesLookedAt / 2 && near != names_.begin(); ++i) {
    --near;
  }
  std::string nearest;
  std::size_t nearest_letters = bound + 1;
  std::size_t compared = 0;
  for (std::size_t i = 0; i < kMaxNamesLookedAt && near != names_.end(); ++i, ++near) {
    const std::string& other = near->first;
    const std::size_t longer = std::max(name.size(), other.size());
    if (longer - std::min(name.size(), other.size()) > bound) {
      continue;
    }
    const Segment& segment = segments_.at(near->second);
    if (segment.state != Segment::State::ready || !can_see(who, segment.ownership())) {
      continue;
    }
    if (++compared > kMaxNamesCompared) {
      break;
    }
    const std::size_t letters = distance(name, other, bound);
    if (letters != 0 && letters < nearest_letters) {
      nearest_letters = letters;
      nearest = other + " exists";
    }
  }
  return nearest;
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
  info.kind = segment.kind();
  info.id = segment.memory.segment;
  info.incarnation = segment.memory.incarnation;
  info.size_bytes = segment.size_bytes();
  info.uid = segment.uid;
  info.terms = segment.terms;
  info.users = segment.users.size();
  if (segment.buffer) {
    core::describe(info, *segment.buffer);
    return info;
  }
  if (segment.queue) {
    core::describe(info, *segment.queue);
    return info;
  }
  info.slots = segment.options.slots;
  info.schema = segment.options.schema;
  info.retention = segment.options.retention;
  if (segment.publisher) {
    info.publisher = peer(handles_.at(*segment.publisher).asker.session);
  }
  return info;
}

TokenInfo Registry::describe(const Buffer& buffer, const Token& token) const {
  const auto since = [&](Time time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_ - time);
  };
  TokenInfo info{.id = token.id,
                 .issuer = token.issuer,
                 .mode = token.mode,
                 .region = buffer.region_of(token.pages),
                 .holder = peer(token.holder.session),
                 .state = token.is_attached ? TokenInfo::State::attached : TokenInfo::State::held,
                 .age = since(token.since),
                 .is_poisoned = buffer.tokens().is_poisoned(token)};
  if (token.ticket) {
    info.state = TokenInfo::State::ticket;
    if (token.ticket->expiry != Time::max()) {
      info.expires_in =
          std::chrono::duration_cast<std::chrono::milliseconds>(token.ticket->expiry - now_);
    }
  } else if (token.is_orphan) {
    info.state = TokenInfo::State::orphaned;
  }
  return info;
}

WaitingInfo Registry::describe(const Buffer& buffer, const Waiting& waiting) const {
  constexpr std::size_t most_regions = 64;
  WaitingInfo info{
      .who = peer(waiting.wish.asker.session),
      .mode = waiting.wish.mode,
      .issuer = waiting.wish.issuer,
      .age = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - waiting.since),
      .behind = buffer.tokens().obstacle(waiting)};
  for (const PageRange& region : waiting.wish.regions) {
    if (info.regions.size() < most_regions) {
      info.regions.push_back(buffer.region_of(region));
    }
  }
  return info;
}

}  // namespace tenure::core
