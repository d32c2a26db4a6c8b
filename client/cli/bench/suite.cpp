// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/suite.hpp"

#include <unistd.h>

#include <chrono>

#include "client/cli/bench/limits.hpp"
#include "client/cli/bench/product.hpp"
#include "client/cli/bench/round_trips.hpp"
#include "client/cli/bench/sleeper.hpp"
#include "client/cli/bench/sleepers.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSmallCopyBytes = std::size_t{64} << 10U;
constexpr std::size_t kLargeCopyBytes = std::size_t{1} << 20U;

// Samples of each kind in one round.
constexpr std::uint32_t kRoundTrips = 250;
constexpr std::uint32_t kWakes = 8;
constexpr std::uint32_t kCalls = 10;
constexpr std::uint32_t kSmallCopies = 32;
constexpr std::uint32_t kLargeCopies = 8;

// A publisher, and memory of the same size to compare it with.
struct Copying {
  std::vector<std::byte> source;
  Publisher publisher;
  CopyLimit limit;

  static Result<Copying> make(Client& client, const std::string& name, std::size_t size_bytes) {
    if (auto created = create_bench_topic(client, name, size_bytes); !created) {
      return std::move(created).error();
    }
    auto publisher = client.publisher(name);
    if (!publisher) {
      return std::move(publisher).error();
    }
    auto limit = CopyLimit::make(size_bytes, kCopySlots);
    if (!limit) {
      return std::move(limit).error();
    }
    Copying copying{.source = std::vector<std::byte>(size_bytes, std::byte{7}),
                    .publisher = *std::move(publisher),
                    .limit = *std::move(limit)};
    // Every slot is written once, so that it is as warm as what it is compared with.
    Samples unused;
    if (auto warmed = measure_copy(copying.publisher, copying.source, 2 * kCopySlots, unused);
        !warmed) {
      return std::move(warmed).error();
    }
    return copying;
  }

  Result<void> run(std::uint32_t count, Pair& pair) {
    limit.measure(source, count, pair.limit);
    return measure_copy(publisher, source, count, pair.ours);
  }
};

struct Bench {
  PeerProcess& peer;
  TopicPair topics;
  Copying small;
  Copying large;

  Result<void> run_round(Measurements& out) {
    Subscriber& subscriber = topics.subscriber();
    Result<void> done = measure_line(peer, kRoundTrips, out.spinning.limit);
    done = done ? measure_round_trip(peer, Task::echo_topic, topics, kRoundTrips, out.spinning.ours)
                : done;
    done = done ? measure_futex(peer, kWakes, out.sleeping.limit) : done;
    done = done ? measure_wake(peer, Task::sleep_topic, topics, kWakes, out.sleeping.ours) : done;
    done = done ? measure_latest(subscriber, kCalls, out.latest) : done;
    done = done ? measure_snapshot(subscriber, kCalls, out.snapshot) : done;
    done = done ? small.run(kSmallCopies, out.copy_64k) : done;
    return done ? large.run(kLargeCopies, out.copy_1m) : done;
  }
};

Result<Bench> set_up(Client& client,
                     PeerProcess& peer,
                     const std::string& prefix,
                     const TopicNames& names) {
  auto topics = TopicPair::open(client, names.ping, names.pong);
  if (!topics) {
    return std::move(topics).error();
  }
  auto small = Copying::make(client, prefix + "/copy-64k", kSmallCopyBytes);
  if (!small) {
    return std::move(small).error();
  }
  auto large = Copying::make(client, prefix + "/copy-1m", kLargeCopyBytes);
  if (!large) {
    return std::move(large).error();
  }
  return Bench{peer, *std::move(topics), *std::move(small), *std::move(large)};
}

using Measure = Result<void> (Sleepers::*)(std::uint32_t count, Samples& samples);

// Limit and product in turns.
Result<void> run_rounds(
    Sleepers& sleepers, Measure limit, Measure ours, std::uint64_t rounds, Pair& pair) {
  Pair warming;
  Result<void> done;
  for (std::uint64_t round = 0; round <= rounds && done; ++round) {
    Pair& to = round == 0 ? warming : pair;
    done = (sleepers.*limit)(kWakes, to.limit);
    done = done ? (sleepers.*ours)(kWakes, to.ours) : done;
  }
  return done;
}

Result<void> measure_waking(Sleepers::Options options,
                            std::size_t count,
                            std::uint64_t rounds,
                            Pair& pair) {
  options.topic += "-" + std::to_string(count);
  options.count = count;
  auto sleepers = Sleepers::start(std::move(options));
  return sleepers ? run_rounds(
                        *sleepers, &Sleepers::measure_futex, &Sleepers::measure_topic, rounds, pair)
                  : Result<void>(std::move(sleepers).error());
}

Result<void> measure_event_loop(Sleepers::Options options, std::uint64_t rounds, Pair& pair) {
  options.topic += options.shares_cpu ? "-loop-here" : "-loop";
  auto sleepers = Sleepers::start(std::move(options));
  return sleepers ? run_rounds(*sleepers,
                               &Sleepers::measure_eventfd,
                               &Sleepers::measure_event_loop,
                               rounds,
                               pair)
                  : Result<void>(std::move(sleepers).error());
}

Result<void> measure_frames(Sleepers::Options options, std::uint64_t rounds, Measurements& out) {
  options.topic += "-frames";
  options.size_bytes = kFrameBytes;
  auto sleepers = Sleepers::start(std::move(options));
  if (!sleepers) {
    return std::move(sleepers).error();
  }
  constexpr Measure kOurs = &Sleepers::measure_frame;
  auto done = run_rounds(*sleepers, &Sleepers::measure_socket, kOurs, rounds, out.frame_socket);
  done = done ? run_rounds(*sleepers, &Sleepers::measure_pipe, kOurs, rounds, out.frame_pipe)
              : std::move(done);
  return done && sleepers->has_queue()
             ? run_rounds(*sleepers, &Sleepers::measure_queue, kOurs, rounds, out.frame_queue)
             : std::move(done);
}

// What needs processes of its own, one kind after the other: the others would be in the way.
Result<void> measure_sleepers(const Sleepers::Options& options,
                              int cpu_here,
                              std::uint64_t rounds,
                              Measurements& out) {
  Sleepers::Options here = options;
  here.cpu = cpu_here;
  here.shares_cpu = true;
  auto done = measure_waking(options, 8, rounds, out.waking_8);
  done = done ? measure_waking(options, kMostSubscribers, rounds, out.waking_64) : done;
  done = done ? measure_event_loop(options, rounds, out.event_loop) : done;
  done = done ? measure_event_loop(here, rounds, out.event_loop_here) : done;
  return done ? measure_frames(options, rounds, out) : done;
}

}  // namespace

Result<Measurements> measure(const std::string& socket,
                             CpuPair cpus,
                             std::uint64_t rounds,
                             const std::function<bool()>& goes_on) {
  const std::string prefix = "bench-" + std::to_string(::getpid());
  const TopicNames names{.ping = prefix + "/ping", .pong = prefix + "/pong"};
  auto peer = PeerProcess::start(
      cpus.there, [&](Board& board) { return run_peer(board, socket, names); }, goes_on);
  if (!peer) {
    return std::move(peer).error();
  }
  if (auto pinned = pin_to(cpus.here); !pinned) {
    return std::move(pinned).error();
  }
  auto client = Client::connect({.socket = socket, .name = "bench", .timeout = 10s});
  if (!client) {
    return std::move(client).error();
  }
  for (const std::string& name : {names.ping, names.pong}) {
    if (auto created = create_bench_topic(*client, name, kMessageBytes); !created) {
      return std::move(created).error();
    }
  }
  auto bench = set_up(*client, *peer, prefix, names);
  if (!bench) {
    return std::move(bench).error();
  }
  Measurements warming;
  Measurements out;
  for (std::uint64_t round = 0; round <= rounds; ++round) {
    if (!goes_on()) {
      return Error{.code = Errc::cancelled, .detail = "interrupted"};
    }
    if (auto done = bench->run_round(round == 0 ? warming : out); !done) {
      return std::move(done).error();
    }
  }
  peer->begin(Task::stop, 0);
  if (auto done = measure_sleepers({.socket = socket,
                                    .topic = prefix + "/sleepers",
                                    .size_bytes = kMessageBytes,
                                    .count = 1,
                                    .cpu = cpus.there,
                                    .shares_cpu = false,
                                    .goes_on = goes_on},
                                   cpus.here,
                                   rounds,
                                   out);
      !done) {
    return std::move(done).error();
  }
  return out;
}

}  // namespace tenure::cli::bench
