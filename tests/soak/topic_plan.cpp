// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/topic_plan.hpp"

#include <algorithm>
#include <array>

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKibibyte = 1024;
constexpr std::uint64_t kMebibyte = kKibibyte * kKibibyte;
// One round in so many has a topic of 256 MiB bundles, and nothing else.
constexpr std::uint32_t kHugeRound = 7;

Random random_of(std::uint64_t seed, std::uint64_t purpose, std::uint64_t number) {
  return Random(Random(Random(seed).next() ^ purpose).next() + number);
}

std::uint64_t plan_size(Random& random) {
  constexpr std::array<std::uint64_t, 12> kSizes{8,
                                                 8,
                                                 64,
                                                 64,
                                                 4 * kKibibyte,
                                                 4 * kKibibyte,
                                                 64 * kKibibyte,
                                                 64 * kKibibyte,
                                                 kMebibyte,
                                                 kMebibyte,
                                                 4 * kMebibyte,
                                                 16 * kMebibyte};
  return kSizes.at(random.below(kSizes.size()));
}

TopicSpec plan_topic(Random& random, std::uint64_t size_bytes, bool is_huge) {
  constexpr std::array<std::uint32_t, 10> kSlots{1, 2, 3, 3, 3, 4, 4, 5, 8, 64};
  TopicSpec spec{.size_bytes = size_bytes, .nonce = random.next()};
  const std::size_t choices = size_bytes > kMebibyte ? kSlots.size() - 2 : kSlots.size();
  spec.slots = is_huge ? 3 : kSlots.at(random.below(choices));
  spec.is_lossless = spec.slots >= 3 && random.one_in(3);
  return spec;
}

Role plan_reader(Random& random, const TopicSpec& topic) {
  constexpr std::array kViewing{
      Role::latest, Role::next, Role::next, Role::snapshot, Role::poll, Role::fork};
  return topic.slots < 3 ? Role::snapshot : kViewing.at(random.below(kViewing.size()));
}

WorkerSpec plan_worker(Random& random, std::uint32_t topic, Role role) {
  WorkerSpec spec{.role = role, .topic = topic};
  spec.pace = static_cast<Pace>(random.below(3));
  spec.has_steps = random.one_in(2);
  spec.hold_us = random.one_in(3) ? 100'000 : random.one_in(2) ? 500 : 0;
  if (spec.has_steps) {
    spec.yield_one_in = static_cast<std::uint32_t>(std::uint64_t{4} << random.below(8));
    plan_own_faults(random, spec);
  }
  spec.seed = random.next();
  return spec;
}

void plan_workers(Random& random, TopicPlan& plan, std::uint32_t topic) {
  const TopicSpec& spec = plan.topics.at(topic);
  const std::uint64_t publishers = random.one_in(3) ? 2 : 1;  // The second waits for the first.
  for (std::uint64_t i = 0; i < publishers; ++i) {
    plan.workers.push_back(plan_worker(random, topic, Role::publisher));
  }
  const std::uint64_t readers = random.between(1, spec.size_bytes > kMebibyte ? 2 : 4);
  for (std::uint64_t i = 0; i < readers; ++i) {
    plan.workers.push_back(plan_worker(random, topic, plan_reader(random, spec)));
    WorkerSpec& reader = plan.workers.back();
    // With lossless retention reading needs the hold right.
    reader.is_observer = reader.role == Role::snapshot &&
                         (spec.slots < 3 || (!spec.is_lossless && random.one_in(2)));
  }
}

}  // namespace

TopicPlan plan_topics(std::uint64_t seed, std::uint32_t round, std::uint64_t huge_bytes) {
  Random random = random_of(seed, 1, round);
  TopicPlan plan;
  const bool is_huge = round % kHugeRound == kHugeRound - 1;
  const std::uint64_t topics = is_huge ? 1 : random.between(1, kMaxTopics);
  for (std::uint32_t topic = 0; topic < topics; ++topic) {
    const std::uint64_t size = plan_size(random);
    const bool is_largest = is_huge && huge_bytes != 0;
    plan.topics.push_back(plan_topic(random, is_largest ? huge_bytes : size, is_largest));
    plan_workers(random, plan, topic);
  }
  plan.length = std::chrono::milliseconds(is_huge ? 10'000 : random.between(2500, 6000));
  plan.between_faults = std::chrono::milliseconds(is_huge ? 1000 : 30ULL << random.below(8));
  plan.ends_by_kill = random.one_in(2);
  return plan;
}

std::string plan_mask(std::uint64_t seed, std::uint32_t round) {
  constexpr std::array kMasks{"", "", "futex_waitv", "", "peer_pidfd", "lease", "all"};
  Random random = random_of(seed, 2, round / kRoundsOfABroker);
  return kMasks.at(random.below(kMasks.size()));
}

void plan_own_faults(Random& random, WorkerSpec& spec) {
  spec.stop_step =
      random.one_in(3) ? random.between(1, std::uint64_t{1} << random.between(6, 16)) : 0;
  spec.fatal_step =
      random.one_in(2) ? random.between(1, std::uint64_t{1} << random.between(6, 16)) : 0;
}

Fault plan_fault(Random& random, const TopicPlan& plan) {
  Fault fault;
  const auto mean = static_cast<std::uint64_t>(plan.between_faults.count());
  fault.after = std::chrono::milliseconds(random.between(1, 2 * mean));
  fault.victim = static_cast<std::uint32_t>(random.below(plan.workers.size()));
  const std::uint64_t kind = random.below(40);
  fault.what = kind == 0   ? Fault::What::kill_readers
               : kind == 1 ? Fault::What::stop_all
               : kind < 16 ? Fault::What::stop
                           : Fault::What::kill;
  return fault;
}

}  // namespace tenure::soak
