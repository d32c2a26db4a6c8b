// SPDX-License-Identifier: Apache-2.0
/// Producers and consumers at full speed, each a process.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tenure/result.hpp>

#include "client/cli/bench/bare_ring.hpp"
#include "client/cli/bench/board.hpp"
#include "client/cli/bench/channels.hpp"
#include "client/cli/bench/load_sheet.hpp"
#include "client/cli/bench/queue_carrier.hpp"
#include "client/cli/bench/queue_pair.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// What a carrier does under load.
struct Load {
  Samples item;     ///< The time of each, from the first one popped to the last.
  Samples latency;  ///< From before the push until it is popped. The carrier is full, or empty.
};

/// As many producers as consumers; what they carry is filled and read as a whole. By a queue all of
/// them work; by anything else the first of each. Threads: one.
class LoadCrew {
 public:
  struct Options {
    std::string socket;
    std::string queue;  // Its name.
    BenchQueue shape;
    std::size_t pairs;      // At most LoadSheet::kMostConsumers.
    std::vector<int> cpus;  // Two or more. Producers and consumers are dealt out in turns.
    PeerProcess::GoesOn goes_on;
  };

  /// Forks them, then creates the queue. Errors: those of PeerProcess, Channels and Client
  [[nodiscard]] static Result<LoadCrew> start(const Options& options);

  /// Carries a slice of items. `task` is one of carry_by_...
  /// Errors: those of PeerProcess and Carrier
  [[nodiscard]] Result<void> run(Task task, Load& out);

  [[nodiscard]] bool has_mqueue() const noexcept { return ways_->channels.has_queue(); }
  /// Why there is no message_queue of Boost's, if so.
  [[nodiscard]] const Result<void>& boost() const noexcept { return ways_->has_boost; }

 private:
  // Made before the fork, so that every process has it.
  struct Ways {
    Channels channels;
    std::unique_ptr<BareRing> ring;
    std::unique_ptr<Carrier> boost;
    Result<void> has_boost;
    LoadSheet::Owner sheet;
    BenchQueue shape;
  };
  class Worker;

  LoadCrew(std::unique_ptr<Ways> ways,
           std::vector<PeerProcess> producers,
           std::vector<PeerProcess> consumers,
           Client client);
  [[nodiscard]] static Result<std::unique_ptr<Ways>> make_ways(BenchQueue shape);
  [[nodiscard]] static Result<PeerProcess> fork_worker(const Options& options,
                                                       Ways& ways,
                                                       Side side,
                                                       std::size_t index);
  [[nodiscard]] Result<void> await_ready();
  void deal_out(std::int64_t items, std::int64_t at_once) noexcept;
  void collect(std::int64_t items, Load& out) const;

  std::unique_ptr<Ways> ways_;
  std::vector<PeerProcess> producers_;
  std::vector<PeerProcess> consumers_;
  Client client_;
};

}  // namespace tenure::cli::bench
