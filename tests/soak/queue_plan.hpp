// SPDX-License-Identifier: Apache-2.0
/// What happens in one round of queues, drawn from the seed and the round's number alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "tests/soak/board.hpp"
#include "tests/soak/random.hpp"

namespace tenure::soak {

/// The parts of a run. `calm`: nobody is hurt; as many bundles as possible. `deadly`: processes are
/// killed and stopped; every bundle is acknowledged all the same. `parking`: so, too, and bundles
/// that were delivered too often are set aside.
enum class QueueRun : std::uint8_t { calm, deadly, parking };
[[nodiscard]] const char* name_of(QueueRun run) noexcept;

struct QueuePlan {
  enum class Ends : std::uint8_t {
    finished,  ///< A producer finishes it, and everybody leaves when told.
    drained,   ///< Producers leave, and who is left is killed while idle.
    killed,    ///< Everybody is killed on the spot.
  };

  QueueSpec spec;
  std::vector<WorkerSpec> workers;
  Ends ends = Ends::finished;
  bool has_faults = false;
  bool is_quiet = false;
  std::chrono::milliseconds length{0};  ///< At most.
  std::uint64_t most_items = 0;         ///< It ends sooner after so many; 0: any number.
};

/// `index`: of the round among those of its run.
[[nodiscard]] QueuePlan plan_queue(std::uint64_t seed, QueueRun run, std::uint32_t index);

/// A SIGKILL each 50 ms, and some SIGSTOPs.
struct QueueFault {
  std::chrono::milliseconds after{0};  ///< The fault before.
  std::uint32_t killed = 0;            ///< Indices of workers.
  std::uint32_t stopped = 0;
  std::chrono::milliseconds stop_for{0};  ///< 0: nobody is stopped.
};

[[nodiscard]] QueueFault plan_queue_fault(Random& random, std::uint32_t worker_count);

}  // namespace tenure::soak
