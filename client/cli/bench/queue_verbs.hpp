// SPDX-License-Identifier: Apache-2.0
/// What a queue costs where nobody else is in it: one thread that pushes and pops.
#pragma once

#include <cstdint>

#include <tenure/client.hpp>

#include "client/cli/bench/queue_pair.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// The limit of each: as many compare-and-swaps as it takes, each on a line that this cpu has.
struct QueueVerbs {
  Pair all;      ///< draft, push, pop, ack; no tensor is asked for.
  Pair message;  ///< The same, and 64 B are written and read: two tensors are described.
  Pair push;     ///< draft, push.
  Pair pop;      ///< pop, ack.
};

/// `queue` pushes to the queue that it pops from. Errors: those of Producer, Consumer and Item
[[nodiscard]] Result<void> measure_queue_verbs(QueuePair& queue,
                                               std::uint32_t count,
                                               QueueVerbs& out);

}  // namespace tenure::cli::bench
