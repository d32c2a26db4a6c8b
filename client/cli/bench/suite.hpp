// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tenure/result.hpp>

#include "client/cli/bench/cpus.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// What every row has been measured to, all in the same run and in turns.
struct Measurements {
  Pair spinning;     ///< publish -> seen by a spinning subscriber, 64 B.
  Pair sleeping;     ///< publish -> a sleeping subscriber runs.
  Samples latest;    ///< latest() and release, nothing new.
  Samples snapshot;  ///< 64 B.
  Pair copy_64k;
  Pair copy_1m;
  Pair waking_8;  ///< The last of 8 sleeping subscribers runs.
  Pair waking_64;
  Pair event_loop;  ///< On another cpu.
  Pair event_loop_here;
  Pair frame_socket;  ///< 1 MiB to a process that waits for it. The limit is the kernel's way.
  Pair frame_pipe;
  Pair frame_queue;  ///< Empty where there are no message queues.
};

/// Runs `rounds` rounds against the broker at `socket`; `goes_on` is asked between them.
///
/// Errors: unsupported  fewer than two cpus;  cancelled  `goes_on` said no; others as the client's
[[nodiscard]] Result<Measurements> measure(const std::string& socket,
                                           CpuPair cpus,
                                           std::uint64_t rounds,
                                           const std::function<bool()>& goes_on);

}  // namespace tenure::cli::bench
