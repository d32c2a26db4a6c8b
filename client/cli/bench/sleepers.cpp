// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/sleepers.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/cli/bench/limits.hpp"
#include "client/cli/bench/product.hpp"
#include "client/cli/bench/sleeper.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;

}  // namespace

Sleepers::Sleepers(Channels channels,
                   std::vector<PeerProcess> peers,
                   Publisher publisher,
                   std::size_t size_bytes)
    : channels_(std::move(channels)),
      peers_(std::move(peers)),
      publisher_(std::move(publisher)),
      frame_(size_bytes, std::byte{7}) {
}

Result<Sleepers> Sleepers::start(Options options) {
  auto channels = Channels::make();
  if (!channels) {
    return std::move(channels).error();
  }
  std::vector<PeerProcess> peers;
  for (std::size_t i = 0; i < options.count; ++i) {
    auto peer = PeerProcess::start(
        options.cpu,
        [&](Board& board) { return run_sleeper(board, *channels, options.socket, options.topic); },
        options.goes_on);
    if (!peer) {
      return std::move(peer).error();
    }
    peers.push_back(*std::move(peer));
    if (options.shares_cpu) {
      peers.back().yield_while_waiting();
    }
  }
  auto client = Client::connect({.socket = options.socket, .name = "bench", .timeout = kSetUp});
  if (!client) {
    return std::move(client).error();
  }
  if (auto created = create_bench_topic(*client, options.topic, options.size_bytes); !created) {
    return std::move(created).error();
  }
  auto publisher = client->publisher(options.topic);
  if (!publisher) {
    return std::move(publisher).error();
  }
  if (auto all = publisher->wait_for_subscribers(options.count, kSetUp); !all) {
    return std::move(all).error();
  }
  return Sleepers(
      *std::move(channels), std::move(peers), *std::move(publisher), options.size_bytes);
}

// Every sample: all asleep, `wake`, until the last of them has announced that it runs.
Result<void> Sleepers::measure(Task task, std::uint32_t count, const Wake& wake, Samples& samples) {
  std::vector<std::uint64_t> numbers;
  for (PeerProcess& peer : peers_) {
    // relaxed: the peer writes it only while a task is under way.
    numbers.push_back(peer.board().asleep.load(std::memory_order_relaxed));
    peer.begin(task, count);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < peers_.size(); ++j) {
      if (auto asleep = await_sleep(peers_[j], ++numbers[j]); !asleep) {
        return asleep;
      }
    }
    const auto begun = sync::monotonic_now();
    if (auto woken = wake(); !woken) {
      return woken;
    }
    std::chrono::nanoseconds last{0};
    for (std::size_t j = 0; j < peers_.size(); ++j) {
      auto time = time_to_wake(peers_[j], numbers[j], begun);
      if (!time) {
        return std::move(time).error();
      }
      last = std::max(last, *time);
    }
    samples.add(last);
  }
  for (PeerProcess& peer : peers_) {
    if (auto done = peer.await_done(); !done) {
      return done;
    }
  }
  return {};
}

// Publishes the draft that was made ahead, as a program would that is in a hurry, and makes
// another.
Result<void> Sleepers::publish_draft() {
  auto version = publisher_.publish(*std::move(draft_));
  if (!version) {
    return std::move(version).error();
  }
  auto draft = publisher_.draft(kSetUp);
  if (!draft) {
    return std::move(draft).error();
  }
  draft_ = *std::move(draft);
  return {};
}

Result<void> Sleepers::measure_futex(std::uint32_t count, Samples& samples) {
  return measure(
      Task::sleep_futex,
      count,
      [&]() -> Result<void> {
        // release: as a publisher's store would be. pairs: bench.word
        channels_.word().fetch_add(1, std::memory_order_release);
        sync::futex_wake_all(channels_.word());
        return {};
      },
      samples);
}

Result<void> Sleepers::measure_topic(std::uint32_t count, Samples& samples) {
  if (auto draft = publisher_.draft(kSetUp); draft) {
    draft_ = *std::move(draft);
  }
  auto done = measure(Task::sleep_topic, count, [&] { return publish_draft(); }, samples);
  draft_.reset();
  return done;
}

Result<void> Sleepers::measure_eventfd(std::uint32_t count, Samples& samples) {
  return measure(
      Task::poll_eventfd,
      count,
      [&]() -> Result<void> {
        const std::uint64_t one = 1;
        static_cast<void>(::write(channels_.event(), &one, sizeof one));
        return {};
      },
      samples);
}

Result<void> Sleepers::measure_event_loop(std::uint32_t count, Samples& samples) {
  if (auto draft = publisher_.draft(kSetUp); draft) {
    draft_ = *std::move(draft);
  }
  auto done = measure(Task::poll_topic, count, [&] { return publish_draft(); }, samples);
  draft_.reset();
  return done;
}

Result<void> Sleepers::measure_socket(std::uint32_t count, Samples& samples) {
  return measure(Task::read_socket, count, [&] { return channels_.write_socket(frame_); }, samples);
}

Result<void> Sleepers::measure_pipe(std::uint32_t count, Samples& samples) {
  return measure(Task::read_pipe, count, [&] { return channels_.write_pipe(frame_); }, samples);
}

Result<void> Sleepers::measure_queue(std::uint32_t count, Samples& samples) {
  return measure(Task::read_queue, count, [&] { return channels_.write_queue(frame_); }, samples);
}

Result<void> Sleepers::measure_frame(std::uint32_t count, Samples& samples) {
  const auto frame =
      TensorView::of_bytes(frame_, DType::uint8, {static_cast<std::int64_t>(frame_.size())});
  if (!frame) {
    return frame.error();
  }
  return measure(
      Task::sleep_topic,
      count,
      [&]() -> Result<void> {
        auto version = publisher_.publish({{"bytes", *frame}});
        return version ? Result<void>() : std::move(version).error();
      },
      samples);
}

}  // namespace tenure::cli::bench
