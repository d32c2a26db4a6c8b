// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/load_crew.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <tenure/client.hpp>

#include "client/cli/bench/boost_carrier.hpp"
#include "client/cli/bench/copying_carriers.hpp"
#include "client/cli/bench/load_worker.hpp"
#include "client/cli/bench/queue_carrier.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;
constexpr std::size_t kSmallBytes = 4096;

// Of one slice, and how it is dealt out: by few items at a time where each takes long.
struct Slice {
  std::int64_t items;
  std::int64_t at_once;
  std::uint32_t stamp_every;  // The clock is looked at twice for a stamp.
};

constexpr Slice slice_of(std::size_t size_bytes) {
  return size_bytes <= kSmallBytes ? Slice{.items = 16384, .at_once = 16, .stamp_every = 16}
                                   : Slice{.items = 64, .at_once = 1, .stamp_every = 1};
}

}  // namespace

// One process's side of every carrier.
class LoadCrew::Worker {
 public:
  Worker(Ways& ways, Side side, std::size_t index)
      : sheet_(*ways.sheet),
        side_(side),
        index_(index),
        socket_(ways.channels, ways.shape.size_bytes),
        mqueue_(ways.channels, ways.shape.size_bytes),
        ring_(*ways.ring),
        boost_(ways.boost.get()) {}

  [[nodiscard]] Result<void> open(Client& client, const std::string& queue) {
    return queue_.open(client, queue, side_);
  }

  // Task::none: it is ready.
  [[nodiscard]] Result<void> run(Task task, std::uint32_t stamp_every) {
    Carrier* carrier = carrier_of(task);
    if (carrier == nullptr) {
      return {};
    }
    return side_ == Side::consumer ? pop_items(*carrier, sheet_.to_pop, sheet_.seen[index_])
                                   : push_items(*carrier, sheet_.to_push, stamp_every);
  }

 private:
  [[nodiscard]] Carrier* carrier_of(Task task) noexcept {
    switch (task) {
      case Task::carry_by_queue:
        return &queue_;
      case Task::carry_by_ring:
        return &ring_;
      case Task::carry_by_socket:
        return &socket_;
      case Task::carry_by_mqueue:
        return &mqueue_;
      case Task::carry_by_boost:
        return boost_;
      default:
        return nullptr;
    }
  }

  LoadSheet& sheet_;
  Side side_;
  std::size_t index_;  // Of its side.
  QueueCarrier queue_;
  SocketCarrier socket_;
  MqueueCarrier mqueue_;
  BareRing& ring_;
  Carrier* boost_;
};

LoadCrew::LoadCrew(std::unique_ptr<Ways> ways,
                   std::vector<PeerProcess> producers,
                   std::vector<PeerProcess> consumers,
                   Client client)
    : ways_(std::move(ways)),
      producers_(std::move(producers)),
      consumers_(std::move(consumers)),
      client_(std::move(client)) {
}

Result<std::unique_ptr<LoadCrew::Ways>> LoadCrew::make_ways(BenchQueue shape) {
  auto channels = Channels::make();
  if (!channels) {
    return std::move(channels).error();
  }
  auto ring = BareRing::make(shape.slots, shape.size_bytes);
  if (!ring) {
    return std::move(ring).error();
  }
  auto sheet = LoadSheet::make();
  if (!sheet) {
    return std::move(sheet).error();
  }
  auto boost = make_boost_carrier(shape.slots, shape.size_bytes);
  Result<void> has_boost = boost ? Result<void>() : Result<void>(boost.error());
  return std::unique_ptr<Ways>(new Ways{.channels = *std::move(channels),
                                        .ring = *std::move(ring),
                                        .boost = boost ? *std::move(boost) : nullptr,
                                        .has_boost = std::move(has_boost),
                                        .sheet = *std::move(sheet),
                                        .shape = shape});
}

Result<PeerProcess> LoadCrew::fork_worker(const Options& options,
                                          Ways& ways,
                                          Side side,
                                          std::size_t index) {
  const auto body = [&, side, index](Board& board) -> Result<void> {
    auto client =
        Client::connect({.socket = options.socket, .name = "bench-load", .timeout = kSetUp});
    Worker worker(ways, side, index);
    auto opened = client ? worker.open(*client, options.queue) : std::move(client).error();
    if (!opened) {
      return opened;
    }
    return serve_asleep(
        board, [&](Task task, std::uint32_t stamp_every) { return worker.run(task, stamp_every); });
  };
  const std::size_t place = 2 * index + (side == Side::consumer ? 1 : 0);
  return PeerProcess::start(options.cpus[place % options.cpus.size()], body, options.goes_on);
}

Result<LoadCrew> LoadCrew::start(const Options& options) {
  auto ways = make_ways(options.shape);
  if (!ways) {
    return std::move(ways).error();
  }
  std::vector<PeerProcess> producers;
  std::vector<PeerProcess> consumers;
  for (std::size_t i = 0; i < 2 * options.pairs; ++i) {
    const Side side = i % 2 == 0 ? Side::producer : Side::consumer;
    auto worker = fork_worker(options, **ways, side, i / 2);
    if (!worker) {
      return std::move(worker).error();
    }
    (side == Side::producer ? producers : consumers).push_back(*std::move(worker));
  }
  auto client = Client::connect({.socket = options.socket, .name = "bench", .timeout = kSetUp});
  auto created = client ? create_bench_queue(*client, options.queue, options.shape)
                        : Result<void>(client.error());
  if (!created) {
    return std::move(created).error();
  }
  LoadCrew crew(*std::move(ways), std::move(producers), std::move(consumers), *std::move(client));
  if (auto ready = crew.await_ready(); !ready) {
    return std::move(ready).error();
  }
  return crew;
}

Result<void> LoadCrew::await_ready() {
  for (auto* side : {&producers_, &consumers_}) {
    for (PeerProcess& worker : *side) {
      worker.begin_asleep(Task::none, 0);
      if (auto ready = worker.await_done_asleep(); !ready) {
        return ready;
      }
    }
  }
  return {};
}

void LoadCrew::deal_out(std::int64_t items, std::int64_t at_once) noexcept {
  LoadSheet& sheet = *ways_->sheet;
  for (Tickets* tickets : {&sheet.to_push, &sheet.to_pop}) {
    tickets->at_once = at_once;
    // relaxed: nobody is at work; published by `turn`. alone: bench.tickets
    tickets->left.store(items, std::memory_order_relaxed);
  }
  for (Seen& seen : sheet.seen) {
    seen.first_ns = 0;
    seen.latencies = 0;
  }
}

Result<void> LoadCrew::run(Task task, Load& out) {
  const Slice slice = slice_of(ways_->shape.size_bytes);
  deal_out(slice.items, slice.at_once);
  const std::size_t pairs = task == Task::carry_by_queue ? producers_.size() : 1;
  for (auto* side : {&consumers_, &producers_}) {
    for (std::size_t i = 0; i < pairs; ++i) {
      (*side)[i].begin_asleep(task, slice.stamp_every);
    }
  }
  for (auto* side : {&producers_, &consumers_}) {
    for (std::size_t i = 0; i < pairs; ++i) {
      if (auto done = (*side)[i].await_done_asleep(); !done) {
        return done;
      }
    }
  }
  collect(slice.items, out);
  return {};
}

void LoadCrew::collect(std::int64_t items, Load& out) const {
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = 0;
  for (const Seen& seen : ways_->sheet->seen) {
    if (seen.first_ns != 0) {
      first_ns = std::min(first_ns, seen.first_ns);
      last_ns = std::max(last_ns, seen.last_ns);
    }
    for (std::size_t i = 0; i < seen.latencies; ++i) {
      out.latency.add(std::chrono::nanoseconds(seen.latency_ns[i]));
    }
  }
  out.item.add(std::chrono::nanoseconds(last_ns - first_ns), static_cast<double>(items - 1));
}

}  // namespace tenure::cli::bench
