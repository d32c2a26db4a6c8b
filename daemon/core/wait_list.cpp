// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/wait_list.hpp"

#include <algorithm>

namespace tenure::core {

void WaitList::add(Waiter waiter) {
  add_at(++last_arrival_, std::move(waiter));
}

void WaitList::add_first(Waiter waiter) {
  add_at(--first_arrival_, std::move(waiter));
}

void WaitList::add_at(Arrival arrival, Waiter waiter) {
  const Asker asker = waiter.asker;
  by_name_[waiter.open.name].emplace(arrival, asker);
  if (waiter.deadline != Time::max()) {
    by_deadline_.emplace(waiter.deadline, asker);
  }
  by_asker_.emplace(asker, Place{.arrival = arrival, .waiter = std::move(waiter)});
}

bool WaitList::remove(Asker asker) {
  const auto found = by_asker_.find(asker);
  if (found == by_asker_.end()) {
    return false;
  }
  const auto& [arrival, waiter] = found->second;
  const auto named = by_name_.find(waiter.open.name);
  named->second.erase(arrival);
  if (named->second.empty()) {
    by_name_.erase(named);
  }
  by_deadline_.erase({waiter.deadline, asker});
  by_asker_.erase(found);
  return true;
}

const Waiter* WaitList::find(Asker asker) const {
  const auto found = by_asker_.find(asker);
  return found == by_asker_.end() ? nullptr : &found->second.waiter;
}

std::vector<Waiter> WaitList::waiting_for(const std::string& name) const {
  std::vector<Waiter> waiters;
  if (const auto named = by_name_.find(name); named != by_name_.end()) {
    for (const auto& [arrival, asker] : named->second) {
      waiters.push_back(by_asker_.at(asker).waiter);
    }
  }
  return waiters;
}

bool WaitList::is_publisher_wanted(const std::string& name) const {
  const auto named = by_name_.find(name);
  return named != by_name_.end() && std::ranges::any_of(named->second, [&](const auto& place) {
           return by_asker_.at(place.second).waiter.open.as == wire::OpenAs::publish;
         });
}

std::vector<Asker> WaitList::of_session(std::uint32_t session) const {
  std::vector<Asker> askers;
  for (auto place = by_asker_.lower_bound({.session = session, .request = 0});
       place != by_asker_.end() && place->first.session == session;
       ++place) {
    askers.push_back(place->first);
  }
  return askers;
}

std::size_t WaitList::count_of_session(std::uint32_t session) const {
  return of_session(session).size();
}

std::optional<Time> WaitList::next_deadline() const {
  return by_deadline_.empty() ? std::nullopt : std::optional(by_deadline_.begin()->first);
}

std::vector<Waiter> WaitList::expired(Time now) const {
  std::vector<Waiter> waiters;
  for (const auto& [deadline, asker] : by_deadline_) {
    if (deadline > now) {
      break;
    }
    waiters.push_back(by_asker_.at(asker).waiter);
  }
  return waiters;
}

}  // namespace tenure::core
