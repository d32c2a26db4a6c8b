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
  sessions_.emplace(number, Session{.identity = std::move(identity), .handles = {}, .created = {}});
  return number;
}

void Registry::set_disconnected(std::uint32_t session, Time now) {
  Session& gone = sessions_.at(session);
  gone.disconnected_at = now;
  disconnected_.insert(session);
  for (const Asker& asker : waiting_.of_session(session)) {
    std::ignore = waiting_.remove(asker);  // Nobody could be told of the outcome.
  }
}

void Registry::remove_session(std::uint32_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    return;
  }
  for (const Asker& asker : waiting_.of_session(session)) {
    std::ignore = waiting_.remove(asker);
  }
  for (const std::uint64_t handle : std::set(found->second.handles)) {
    end_handle(handle);
  }
  const std::set<std::uint64_t> created = std::move(found->second.created);
  const std::uint32_t uid = found->second.identity.uid;
  sessions_.erase(found);
  disconnected_.erase(session);
  accounts_.return_session(uid);
  for (const std::uint64_t id : created) {
    if (const auto segment = segments_.find(id); segment != segments_.end()) {
      leave(segment->second, session);
    }
  }
}

bool Registry::has_handles(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && !found->second.handles.empty();
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

std::vector<std::uint64_t> Registry::wanted_places(std::uint32_t session) const {
  std::vector<std::uint64_t> wanted;
  for (const std::uint64_t id : sessions_.at(session).handles) {
    const Segment& segment = segments_.at(handles_.at(id).memory.segment);
    if (segment.publisher == id && waiting_.is_publisher_wanted(segment.name)) {
      wanted.push_back(id);
    }
  }
  return wanted;
}

void Registry::evict_disconnected(Time now) {
  std::vector<std::uint64_t> evicted;
  for (const std::uint32_t number : disconnected_) {
    if (now >= *sessions_.at(number).disconnected_at + kDisconnectedGrace) {
      const auto wanted = wanted_places(number);
      evicted.insert(evicted.end(), wanted.begin(), wanted.end());
    }
  }
  for (const std::uint64_t id : evicted) {
    end_handle(id);
  }
}

}  // namespace tenure::core
