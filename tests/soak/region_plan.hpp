// SPDX-License-Identifier: Apache-2.0
/// What happens in one round of regions, drawn from the seed and the round's number alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <tenure/buffer.hpp>

#include "tests/soak/board.hpp"
#include "tests/soak/random.hpp"

namespace tenure::soak {

struct RegionPlan {
  std::vector<BufferSpec> buffers;
  std::vector<WorkerSpec> workers;
  bool is_lent_by_broker = false;
  bool has_many_uids = false;
  bool ends_by_kill = false;  ///< Else everybody ends in good order.
  std::chrono::milliseconds length{0};
};

/// `worker_count`: 0: as many as the seed says.
[[nodiscard]] RegionPlan plan_regions(std::uint64_t seed,
                                      std::uint32_t round,
                                      std::uint32_t worker_count);

struct RegionFault {
  std::chrono::milliseconds after{0};     ///< The fault before.
  std::uint32_t victim = 0;               ///< Index of a worker.
  std::chrono::milliseconds stop_for{0};  ///< 0: it is killed.
};

[[nodiscard]] RegionFault plan_region_fault(Random& random, std::uint32_t worker_count);

/// How the buffer is declared.
[[nodiscard]] BufferOptions buffer_options(const RegionBoard& board, std::uint32_t buffer);

}  // namespace tenure::soak
