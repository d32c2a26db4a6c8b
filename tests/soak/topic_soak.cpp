// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/topic_soak.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "tests/soak/board.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/interrupt.hpp"
#include "tests/soak/leftovers.hpp"
#include "tests/soak/topic_plan.hpp"
#include "tests/soak/topic_round.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// A topic of 256 MiB bundles: three slots, twice for a moment when it gets fresh memory, a snapshot
// per reader; and as much again for whoever else uses the machine.
constexpr std::uint64_t kMemoryForHuge = std::uint64_t{6} << 30U;
constexpr auto kShortestRound = 2s;

std::uint64_t huge_bytes(bool has_leases) {
  const std::uint64_t available = available_bytes();
  static bool is_said = false;
  if (available < kMemoryForHuge && !std::exchange(is_said, true)) {
    std::fprintf(
        stderr,
        "soak topic: no bundles of 256 MiB: %llu MiB of memory are available, %llu needed\n",
        static_cast<unsigned long long>(available >> 20U),
        static_cast<unsigned long long>(kMemoryForHuge >> 20U));
  }
  if (available < kMemoryForHuge) {
    return 0;
  }
  return has_leases ? kHugeBytes : kHugeWithoutLeasesBytes;
}

void say_round(const TopicPlan& plan, const Host& host, std::uint32_t round) {
  std::string text = "round " + std::to_string(round) + ":";
  for (std::uint32_t topic = 0; topic < plan.topics.size(); ++topic) {
    text += (topic == 0 ? " " : "; ") + describe(plan.topics[topic]) + ":";
    for (const WorkerSpec& worker : plan.workers) {
      if (worker.topic == topic) {
        text += std::string(" ") + name_of(worker.role);
      }
    }
  }
  text += host.mask.empty() ? std::string() : " (TENURE_MASK=" + host.mask + ")";
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace

Outcome soak_topics(const SoakOptions& options) {
  catch_interrupts();
  adopt_orphans();
  SharedBoard board;
  board->seed = options.seed;
  Outcome outcome;
  std::optional<Host> host;
  const auto end = Clock::now() + options.length;
  for (std::uint32_t round = 0; !is_interrupted(); ++round) {
    if (round != 0 && end - Clock::now() < kShortestRound) {
      break;
    }
    const std::string mask = plan_mask(options.seed, round);
    if (round % kRoundsOfABroker == 0) {
      host.reset();
      host = start_host(mask);
    }
    const bool has_leases = mask != "lease" && mask != "all";
    const TopicPlan plan = plan_topics(options.seed, round, huge_bytes(has_leases));
    say_round(plan, *host, round);
    board.clear();
    board->round = round;
    board->has_leases = has_leases;
    Random faults(Random(options.seed ^ round).next());
    {
      TopicRound running(board, venue_of(*host), plan, faults);
      outcome.operations += running.run(end);
    }
    check_broker(*board, *host);
  }
  outcome.violations = board->violations;
  return outcome;
}

}  // namespace tenure::soak
