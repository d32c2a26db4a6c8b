// SPDX-License-Identifier: Apache-2.0
/// What happens in one round, drawn from the seed and the round's number alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/soak/board.hpp"
#include "tests/soak/random.hpp"

namespace tenure::soak {

inline constexpr std::uint64_t kHugeBytes = std::uint64_t{256} << 20U;
/// Without leases each new publisher brings fresh memory while readers keep the old: more than two
/// of 256 MiB would be over the quota.
inline constexpr std::uint64_t kHugeWithoutLeasesBytes = std::uint64_t{64} << 20U;
/// Rounds that share a broker.
inline constexpr std::uint32_t kRoundsOfABroker = 6;

struct TopicPlan {
  std::vector<TopicSpec> topics;
  std::vector<WorkerSpec> workers;
  std::chrono::milliseconds length{0};
  std::chrono::milliseconds between_faults{0};  ///< On average.
  bool ends_by_kill = false;                    ///< Else everybody ends in good order.
};

/// `huge_bytes`: the largest bundle that there is memory for; 0: none. At most 4 GiB in all.
[[nodiscard]] TopicPlan plan_topics(std::uint64_t seed,
                                    std::uint32_t round,
                                    std::uint64_t huge_bytes);

/// $TENURE_MASK of the processes of this round, the broker's included.
[[nodiscard]] std::string plan_mask(std::uint64_t seed, std::uint32_t round);

/// Before which of its own steps a process stops or dies; for one that is started again, too.
void plan_own_faults(Random& random, WorkerSpec& spec);

struct Fault {
  enum class What : std::uint8_t { kill, stop, kill_readers, stop_all } what = What::kill;
  std::chrono::milliseconds after{0};  ///< The fault before.
  std::uint32_t victim = 0;            ///< Index of a worker.
};

[[nodiscard]] Fault plan_fault(Random& random, const TopicPlan& plan);

}  // namespace tenure::soak
