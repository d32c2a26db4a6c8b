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

/// Prints the end of the broker's log: it may explain a violation.
void say_log(const Host& host);

/// Where a round takes place.
struct Venue {
  std::string socket;
  pid_t broker = 0;
  std::string mask;
  Client& client;
};
[[nodiscard]] Venue venue_of(Host& host);

/// Has a process of its own act as `worker` after the others, by `spec`. What went wrong; empty:
/// nothing, or the soak is interrupted.
[[nodiscard]] std::string run_last(SharedBoard& board,
                                   const Venue& venue,
                                   std::size_t worker,
                                   const WorkerSpec& spec);

/// After a round no process is left but the broker.
void check_processes(Board& board, pid_t broker);

}  // namespace tenure::soak
