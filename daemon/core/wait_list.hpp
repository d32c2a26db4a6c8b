// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/types.hpp"

namespace tenure::core {

/// A request to open that waits for its name, or for the publisher's place.
struct Waiter {
  Asker asker;
  wire::Open open;
  Time deadline = Time::max();
};

/// Those who wait: per name in the order of their arrival, and by deadline. Threads: a value.
class WaitList {
 public:
  void add(Waiter waiter);
  /// Before everybody who waits already.
  void add_first(Waiter waiter);
  [[nodiscard]] bool remove(Asker asker);
  [[nodiscard]] const Waiter* find(Asker asker) const;

  /// Who waits for `name`, first come first.
  [[nodiscard]] std::vector<Waiter> waiting_for(const std::string& name) const;
  [[nodiscard]] bool is_publisher_wanted(const std::string& name) const;
  [[nodiscard]] std::vector<Asker> of_session(std::uint32_t session) const;
  [[nodiscard]] std::size_t count_of_session(std::uint32_t session) const;
  /// The earliest deadline; nothing if nobody waits for a limited time.
  [[nodiscard]] std::optional<Time> next_deadline() const;
  [[nodiscard]] std::vector<Waiter> expired(Time now) const;

 private:
  using Arrival = std::int64_t;
  struct Place {
    Arrival arrival;
    Waiter waiter;
  };
  void add_at(Arrival arrival, Waiter waiter);

  Arrival last_arrival_ = 0;
  Arrival first_arrival_ = 0;
  std::map<Asker, Place> by_asker_;
  std::map<std::string, std::map<Arrival, Asker>> by_name_;
  std::set<std::pair<Time, Asker>> by_deadline_;
};

}  // namespace tenure::core
