// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_plan.hpp"

#include <unistd.h>

#include <array>

#include "tests/soak/region_ledger.hpp"

namespace tenure::soak {
namespace {

constexpr std::uint64_t kKibibyte = 1024;
constexpr std::uint64_t kMebibyte = kKibibyte * kKibibyte;
// Nobody's, like tests/process's.
constexpr std::uint32_t kOtherUid = 4242;

BufferSpec plan_buffer(Random& random) {
  constexpr std::array<std::uint64_t, 8> kSizes{64 * kKibibyte,
                                                64 * kKibibyte,
                                                256 * kKibibyte,
                                                256 * kKibibyte,
                                                kMebibyte,
                                                kMebibyte,
                                                8 * kMebibyte,
                                                64 * kMebibyte};
  constexpr std::array<std::uint64_t, 6> kGrains{0, 0, 1, 4, 16, 200};
  BufferSpec spec{.size_bytes = kSizes.at(random.below(kSizes.size()))};
  // 0: the broker's own choice; else about so many grains.
  const std::uint64_t grains = kGrains.at(random.below(kGrains.size()));
  const std::uint64_t pages = spec.size_bytes / kPageBytes;
  spec.grain_bytes = grains == 0 ? 0 : (pages + grains - 1) / grains * kPageBytes;
  spec.is_isolated = random.one_in(4);
  return spec;
}

}  // namespace

RegionPlan plan_regions(std::uint64_t seed, std::uint32_t round, std::uint32_t worker_count) {
  Random random(Random(Random(seed).next() ^ 3).next() + round);
  RegionPlan plan;
  for (std::uint64_t buffer = random.between(1, kMaxBuffers); buffer != 0; --buffer) {
    plan.buffers.push_back(plan_buffer(random));
  }
  plan.is_lent_by_broker = random.one_in(2);
  // Another uid takes root; drawn in any case, so that a seed is the same plan for all.
  const bool wants_many_uids = random.one_in(3);
  plan.has_many_uids = wants_many_uids && ::geteuid() == 0;
  const std::uint64_t workers = random.between(3, kMaxRegionWorkers - 1);
  for (std::uint64_t i = 0; i < (worker_count == 0 ? workers : worker_count); ++i) {
    plan.workers.push_back({.role = Role::region, .seed = random.next()});
    plan.workers.back().uid = plan.has_many_uids && i % 3 == 1 ? kOtherUid : 0;
  }
  plan.workers.front().creates_buffers = true;
  plan.ends_by_kill = random.one_in(2);
  plan.length = std::chrono::milliseconds(random.between(2500, 5000));
  return plan;
}

RegionFault plan_region_fault(Random& random, std::uint32_t worker_count) {
  RegionFault fault{.after = std::chrono::milliseconds(random.between(20, 100)),
                    .victim = static_cast<std::uint32_t>(random.below(worker_count))};
  if (random.one_in(4)) {
    fault.stop_for = std::chrono::milliseconds(random.between(5, 400));
  }
  return fault;
}

// It outlives its creator, who may be killed.
BufferOptions buffer_options(const RegionBoard& board, std::uint32_t buffer) {
  const BufferSpec& spec = board.buffers.at(buffer);
  return {.size_bytes = spec.size_bytes,
          .grain_bytes = spec.grain_bytes,
          .root = board.is_lent_by_broker ? Root::broker : Root::creator,
          .handover = spec.is_isolated ? Handover::isolate : Handover::share,
          .terms = {.lifetime = Lifetime::persistent, .mode = 0777}};
}

}  // namespace tenure::soak
