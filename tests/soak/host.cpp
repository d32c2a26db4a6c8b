// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/host.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/worker_process.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {

using namespace std::chrono_literals;

Host start_host(const std::string& mask) {
  Host host{.mask = mask};
  const InterruptsBlocked blocked;
  support::PrivateBrokerOptions options;
  options.arguments = {"--budget", "4G", "--log-level", "warn"};
  if (!mask.empty()) {
    options.environment = {"TENURE_MASK=" + mask};
  }
  host.broker = std::make_unique<support::PrivateBroker>(options);
  host.client = or_throw(Client::connect({.socket = host.broker->socket(), .name = "soak"}));
  or_throw(host.client->ping());
  host.use_at_first = use_of(host.broker->pid());
  return host;
}

void check_broker(Board& board, Host& host) {
  BrokerUse use;
  std::uint64_t used_bytes = 0;
  const bool is_clean = support::eventually(
      [&] {
        use = use_of(host.broker->pid());
        const auto info = host.client->broker_info();
        used_bytes = info ? info->used_bytes : 0;
        return use == host.use_at_first && used_bytes == 0;
      },
      20s);
  if (!is_clean) {
    violate(board,
            nullptr,
            "left over in the broker: " + std::to_string(use.fds) + " fds (" +
                std::to_string(host.use_at_first.fds) + " at first), " +
                std::to_string(use.memfds) + " memfds, " + std::to_string(use.maps) + " maps, " +
                std::to_string(used_bytes) + " bytes");
  }
}

void say_log(const Host& host) {
  constexpr std::size_t kMost = 8000;
  const std::string log = host.broker->log();
  const std::string last = log.substr(log.size() - std::min(log.size(), kMost));
  std::fprintf(stderr, "the broker's log ends with:\n%s\n", last.c_str());
}

Venue venue_of(Host& host) {
  return {.socket = host.broker->socket(),
          .broker = host.broker->pid(),
          .mask = host.mask,
          .client = *host.client};
}

std::string run_last(SharedBoard& board,
                     const Venue& venue,
                     std::size_t worker,
                     const WorkerSpec& spec) {
  board->stop = false;
  board->workers.at(worker).spec = spec;
  WorkerProcess process(venue.socket, board, worker);
  process.start(venue.mask);
  std::optional<End> end;
  const bool has_ended = support::eventually(
      [&] {
        end = process.look();
        return end.has_value() || is_interrupted();
      },
      60s);
  if (!has_ended) {
    return "no end";
  }
  return end && !end->is_in_order ? end->how : std::string();
}

void check_processes(Board& board, pid_t broker) {
  const auto strays_are_gone = [&] { return other_children(broker).empty(); };
  if (!support::eventually(strays_are_gone, 10s)) {
    for (const pid_t pid : other_children(broker)) {
      violate(board, nullptr, "process " + std::to_string(pid) + " is left over");
      ::kill(pid, SIGKILL);
    }
    static_cast<void>(support::eventually(strays_are_gone, 10s));
  }
}

}  // namespace tenure::soak
