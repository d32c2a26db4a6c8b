// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tenure/result.hpp>

#include "client/cli/bench/cpus.hpp"
#include "client/cli/bench/load_crew.hpp"
#include "client/cli/bench/queue_verbs.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// As many producers and consumers at full speed. The limit: one of each on a bare ring, in turns.
struct QueueLoad {
  std::size_t pairs = 1;
  std::size_t size_bytes = 0;
  Load limit;
  Load ours;
};

/// The same work as one producer and one consumer have, by what else there is, in turns with it.
struct OtherCarriers {
  Load socket;
  Load mqueue;  ///< Empty where there are none.
  Load boost;   ///< Empty where there is none.
  std::optional<Error> why_no_boost = {};
};

/// What queues have been measured to.
struct QueueMeasurements {
  QueueVerbs verbs;
  Pair spinning;                 ///< push -> popped by another process, both spinning, 64 B.
  Pair sleeping;                 ///< push -> a consumer that slept in pop() has it, on another cpu.
  Pair sleeping_here;            ///< The same on this cpu.
  std::vector<QueueLoad> loads;  ///< Of 64 B, then of 1 MiB; the first of each is one pair.
  OtherCarriers others_64;
  OtherCarriers others_1m;
};

struct QueueSuiteOptions {
  std::string socket;
  CpuPair cpus;
  std::vector<int> usable_cpus;  // By processes under load.
  std::uint64_t rounds;
  std::function<bool()> goes_on;  // Asked between them.
};

/// Runs against the broker at `socket`. This process stays on cpus.here.
/// Errors: cancelled  `goes_on` said no; others as the client's
[[nodiscard]] Result<QueueMeasurements> measure_queues(const QueueSuiteOptions& options);

}  // namespace tenure::cli::bench
