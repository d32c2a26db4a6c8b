// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/queue_suite.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/cli/bench/message.hpp"
#include "client/cli/bench/queue_peer.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;
constexpr BenchQueue kSmall{.slots = 64, .size_bytes = kMessageBytes};
constexpr BenchQueue kLarge{.slots = 8, .size_bytes = std::size_t{1} << 20U};

// Samples of each kind in one round.
constexpr std::uint32_t kRoundTrips = 250;
constexpr std::uint32_t kWakes = 8;
constexpr std::uint32_t kVerbs = 20;

// A slice under load takes longer than a round of the others.
constexpr std::uint64_t kRoundsPerSlice = 2;

std::string prefix_of() {
  return "bench-" + std::to_string(::getpid()) + "/queue-";
}

// Of each of the nine parts, for 40 rounds: a busy machine gets fewer of them.
constexpr std::chrono::nanoseconds kBudget = 2400ms;
constexpr std::uint64_t kBudgetRounds = 40;

// `round(is_warming)`, once to warm up, then `rounds` times, or fewer where time runs out.
template <class Round>
Result<void> repeat(const QueueSuiteOptions& options, std::uint64_t rounds, Round&& round) {
  const auto until = sync::monotonic_now() + kBudget * options.rounds / kBudgetRounds;
  Result<void> done;
  for (std::uint64_t i = 0; i <= rounds && done; ++i) {
    if (i > 1 && sync::monotonic_now() > until) {
      break;
    }
    done =
        options.goes_on() ? round(i == 0) : Error{.code = Errc::cancelled, .detail = "interrupted"};
  }
  return done;
}

Result<void> measure_verbs(const QueueSuiteOptions& options, QueueVerbs& out) {
  const std::string name = prefix_of() + "verbs";
  auto client = Client::connect({.socket = options.socket, .name = "bench", .timeout = kSetUp});
  auto created = client ? create_bench_queue(*client, name, kSmall) : client.error();
  if (!created) {
    return created;
  }
  auto queue = QueuePair::open(*client, name, name);
  if (!queue) {
    return std::move(queue).error();
  }
  QueueVerbs warming;
  return repeat(options, options.rounds, [&](bool is_warming) {
    return measure_queue_verbs(*queue, kVerbs, is_warming ? warming : out);
  });
}

Result<void> measure_other_cpu(const QueueSuiteOptions& options, QueueMeasurements& out) {
  auto peer = QueuePeer::start({.socket = options.socket,
                                .prefix = prefix_of() + "there",
                                .cpu = options.cpus.there,
                                .shares_cpu = false,
                                .goes_on = options.goes_on});
  if (!peer) {
    return std::move(peer).error();
  }
  Pair warming;
  return repeat(options, options.rounds, [&](bool is_warming) {
    auto done = peer->measure_spinning(kRoundTrips, is_warming ? warming : out.spinning);
    return done ? peer->measure_sleeping(kWakes, is_warming ? warming : out.sleeping)
                : std::move(done);
  });
}

Result<void> measure_same_cpu(const QueueSuiteOptions& options, Pair& out) {
  auto peer = QueuePeer::start({.socket = options.socket,
                                .prefix = prefix_of() + "here",
                                .cpu = options.cpus.here,
                                .shares_cpu = true,
                                .goes_on = options.goes_on});
  if (!peer) {
    return std::move(peer).error();
  }
  Pair warming;
  return repeat(options, options.rounds, [&](bool is_warming) {
    return peer->measure_sleeping(kWakes, is_warming ? warming : out);
  });
}

Result<void> run_others(LoadCrew& crew, OtherCarriers& out) {
  auto done = crew.run(Task::carry_by_socket, out.socket);
  done = done && crew.has_mqueue() ? crew.run(Task::carry_by_mqueue, out.mqueue) : std::move(done);
  return done && crew.boost() ? crew.run(Task::carry_by_boost, out.boost) : std::move(done);
}

// `others`: as well, if there are any to be measured.
Result<void> measure_load(const QueueSuiteOptions& options,
                          std::size_t pairs,
                          BenchQueue shape,
                          OtherCarriers* others,
                          QueueMeasurements& out) {
  auto crew = LoadCrew::start({.socket = options.socket,
                               .queue = prefix_of() + "load-" + std::to_string(pairs) + "-" +
                                        std::to_string(shape.size_bytes),
                               .shape = shape,
                               .pairs = pairs,
                               .cpus = options.usable_cpus,
                               .goes_on = options.goes_on});
  if (!crew) {
    return std::move(crew).error();
  }
  if (others != nullptr && !crew->boost()) {
    others->why_no_boost = crew->boost().error();
  }
  QueueLoad warming;
  OtherCarriers warming_others;
  QueueLoad load{.pairs = pairs, .size_bytes = shape.size_bytes, .limit = {}, .ours = {}};
  const std::uint64_t rounds = std::max<std::uint64_t>(1, options.rounds / kRoundsPerSlice);
  auto done = repeat(options, rounds, [&](bool is_warming) {
    auto run = crew->run(Task::carry_by_ring, (is_warming ? warming : load).limit);
    run =
        run ? crew->run(Task::carry_by_queue, (is_warming ? warming : load).ours) : std::move(run);
    return run && others != nullptr ? run_others(*crew, is_warming ? warming_others : *others)
                                    : std::move(run);
  });
  out.loads.push_back(std::move(load));
  return done;
}

}  // namespace

Result<QueueMeasurements> measure_queues(const QueueSuiteOptions& options) {
  QueueMeasurements out;
  auto done = pin_to(options.cpus.here);
  done = done ? measure_verbs(options, out.verbs) : std::move(done);
  done = done ? measure_other_cpu(options, out) : std::move(done);
  done = done ? measure_same_cpu(options, out.sleeping_here) : std::move(done);
  for (const auto& [shape, others] :
       {std::pair(kSmall, &out.others_64), std::pair(kLarge, &out.others_1m)}) {
    for (const std::size_t pairs : {1U, 2U, 4U}) {
      OtherCarriers* with = pairs == 1 ? others : nullptr;
      done = done ? measure_load(options, pairs, shape, with, out) : std::move(done);
    }
  }
  if (!done) {
    return std::move(done).error();
  }
  return out;
}

}  // namespace tenure::cli::bench
