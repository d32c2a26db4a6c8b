// SPDX-License-Identifier: Apache-2.0
// Sessions come and go, and what goes with them.
#include <utility>

#include "daemon/core/registry.hpp"

namespace tenure::core {

std::string to_text(const Peer& peer) {
  return peer.name + " (session " + std::to_string(peer.session) + ", pid " +
         std::to_string(peer.pid) + ")";
}

Result<std::uint32_t> Registry::add_session(Identity identity) {
  if (auto charged = accounts_.charge_session(identity.uid); !charged) {
    return charged.error();
  }
  const std::uint32_t number = ++last_session_;
  sessions_.emplace(
      number, Session{.identity = std::move(identity), .handles = {}, .created = {}, .tokens = {}});
  return number;
}

void Registry::stop_waiting(std::uint32_t session) {
  for (const Asker& asker : waiting_.of_session(session)) {
    std::ignore = waiting_.remove(asker);
  }
  stop_waiting_for_tokens(session);
}

void Registry::set_disconnected(std::uint32_t session, Time now) {
  stop_waiting(session);
  if (!sessions_.at(session).tokens.empty()) {
    absent_[session] = now + kDisconnectedGrace;
    for (const auto& [segment, count] : std::map(sessions_.at(session).tokens)) {
      finish_tokens(segment);
    }
  }
  for (const std::uint64_t id : sessions_.at(session).handles) {
    const Segment& segment = segments_.at(handles_.at(id).memory.segment);
    if (segment.publisher == id) {
      orphans_[id] = now + kDisconnectedGrace;
      schedule_eviction(segment.name);
    }
  }
}

void Registry::remove_session(std::uint32_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    return;
  }
  stop_waiting(session);
  for (const std::uint64_t handle : std::set(found->second.handles)) {
    end_handle(handle);
  }
  end_tokens(session);
  const std::set<std::uint64_t> created = std::move(found->second.created);
  const std::uint32_t uid = found->second.identity.uid;
  sessions_.erase(found);
  accounts_.return_session(uid);
  for (const std::uint64_t id : created) {
    if (const auto segment = segments_.find(id); segment != segments_.end()) {
      leave(segment->second, session);
    }
  }
}

bool Registry::has_holdings(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() &&
         !(found->second.handles.empty() && found->second.tokens.empty());
}

Peer Registry::peer(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    return {};
  }
  const Identity& who = found->second.identity;
  return {.session = session, .uid = who.uid, .pid = who.pid, .name = who.name};
}

void Registry::leave(Segment& segment, std::uint32_t session) {
  segment.creators.erase(session);
  std::erase_if(segment.creating, [&](const Asker& asker) { return asker.session == session; });
  drop_if_unused(segment);
}

// Only a place that somebody waits for is taken away: who disconnects costs nothing otherwise.
void Registry::schedule_eviction(const std::string& name) {
  const Segment* segment = find_named(name);
  if (segment == nullptr || !segment->publisher) {
    return;
  }
  const auto orphan = orphans_.find(*segment->publisher);
  if (orphan != orphans_.end() && waiting_.is_publisher_wanted(name)) {
    evictions_.emplace(orphan->second, orphan->first);
  }
}

void Registry::evict(Time now) {
  while (!evictions_.empty() && evictions_.begin()->first <= now) {
    const std::uint64_t id = evictions_.begin()->second;
    evictions_.erase(evictions_.begin());
    const std::string& name = segments_.at(handles_.at(id).memory.segment).name;
    if (waiting_.is_publisher_wanted(name)) {
      end_handle(id);
    }
  }
}

}  // namespace tenure::core
