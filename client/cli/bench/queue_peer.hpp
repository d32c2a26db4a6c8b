// SPDX-License-Identifier: Apache-2.0
/// Items from this process to another one: how long until that has them.
#pragma once

#include <cstdint>
#include <string>

#include <tenure/client.hpp>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/queue_pair.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// A peer process, and two queues between it and this one. Threads: one.
class QueuePeer {
 public:
  struct Options {
    std::string socket;
    std::string prefix;  // Of the queues' names.
    int cpu;
    bool shares_cpu;  // With this process, which then yields while it waits.
    PeerProcess::GoesOn goes_on;
  };

  /// Errors: those of PeerProcess and Client
  [[nodiscard]] static Result<QueuePeer> start(const Options& options);

  /// 64 B there and back, both spinning; the half of it. The limit: a bare line.
  /// Errors: those of PeerProcess and QueuePair
  [[nodiscard]] Result<void> measure_spinning(std::uint32_t count, Pair& pair);
  /// From before the push until the peer that slept in pop() has the item. The limit: a bare futex
  /// wake. Errors: as above
  [[nodiscard]] Result<void> measure_sleeping(std::uint32_t count, Pair& pair);

 private:
  QueuePeer(PeerProcess process, Client client, QueuePair queues);
  PeerProcess process_;
  Client client_;
  QueuePair queues_;
};

}  // namespace tenure::cli::bench
