// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tenure/tenure.hpp>

#include "tests/soak/board.hpp"
#include "tests/soak/leftovers.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::soak {

/// A broker for some rounds, and a client of it.
struct Host {
  std::string mask;
  std::unique_ptr<support::PrivateBroker> broker = {};
  std::optional<Client> client = {};
  BrokerUse use_at_first = {};
};

/// `mask`: its $TENURE_MASK.
[[nodiscard]] Host start_host(const std::string& mask);
/// With all segments removed the broker has what it began with.
void check_broker(Board& board, Host& host);

/// Where a round takes place.
struct Venue {
  std::string socket;
  pid_t broker = 0;
  std::string mask;
  Client& client;
};
[[nodiscard]] Venue venue_of(Host& host);

/// After a round no process is left but the broker.
void check_processes(Board& board, pid_t broker);

}  // namespace tenure::soak
