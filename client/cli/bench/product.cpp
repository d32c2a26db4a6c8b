// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/product.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "client/cli/bench/limits.hpp"
#include "client/cli/bench/round_trips.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;
constexpr std::uint32_t kPerSample = 200;  // Calls that take less than a look at the clock.

}  // namespace

Result<void> create_bench_topic(Client& client, const std::string& name, std::size_t size_bytes) {
  const Shape shape{static_cast<std::int64_t>(size_bytes)};
  return client.create_topic(name,
                             {.schema = {{"bytes", DType::uint8, shape}},
                              .slots = kCopySlots,
                              .subscribers = kMostSubscribers});
}

TopicPair::TopicPair(Publisher publisher, Subscriber subscriber)
    : publisher_(std::move(publisher)), subscriber_(std::move(subscriber)) {
}

Result<TopicPair> TopicPair::open(Client& client,
                                  const std::string& publish,
                                  const std::string& subscribe) {
  auto publisher = client.publisher(publish, {.timeout = kSetUp});
  if (!publisher) {
    return std::move(publisher).error();
  }
  auto subscriber = client.subscriber(subscribe, {.timeout = kSetUp});
  if (!subscriber) {
    return std::move(subscriber).error();
  }
  return TopicPair(*std::move(publisher), *std::move(subscriber));
}

Result<void> TopicPair::prepare() {
  auto draft = publisher_.draft(kSetUp);
  if (!draft) {
    return std::move(draft).error();
  }
  draft_ = *std::move(draft);
  auto bytes = draft_->span<std::uint8_t>("bytes");
  if (!bytes) {
    return std::move(bytes).error();
  }
  bytes_ = *bytes;
  return {};
}

Result<void> TopicPair::send(std::uint8_t value) {
  std::ranges::fill(bytes_, value);
  auto version = publisher_.publish(*std::move(draft_));
  return version ? Result<void>() : std::move(version).error();
}

Result<bool> TopicPair::try_see() {
  auto view = subscriber_.next(kNoWait);
  if (!view) {
    return view.error().code == Errc::empty ? Result<bool>(false) : std::move(view).error();
  }
  view_ = *std::move(view);
  auto is_whole = is_whole_message(*view_);
  if (is_whole && !*is_whole) {
    return Error{.code = Errc::corrupt, .detail = "a bundle came with another payload"};
  }
  return is_whole;
}

Result<void> TopicPair::let_go() {
  return view_ ? view_->release() : Result<void>();
}

Result<void> TopicPair::wait() {
  return subscriber_.wait();
}

Result<void> measure_latest(Subscriber& subscriber, std::uint32_t count, Samples& samples) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    for (std::uint32_t j = 0; j < kPerSample; ++j) {
      auto view = subscriber.latest();
      if (!view) {
        return std::move(view).error();
      }
      if (auto released = view->release(); !released) {
        return released;
      }
    }
    samples.add(sync::monotonic_now() - begun, kPerSample);
  }
  return {};
}

Result<void> measure_snapshot(Subscriber& subscriber, std::uint32_t count, Samples& samples) {
  Snapshot snapshot;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    for (std::uint32_t j = 0; j < kPerSample; ++j) {
      auto copied = subscriber.snapshot(std::move(snapshot));
      if (!copied) {
        return std::move(copied).error();
      }
      snapshot = *std::move(copied);
    }
    samples.add(sync::monotonic_now() - begun, kPerSample);
  }
  return {};
}

Result<void> measure_copy(Publisher& publisher,
                          const std::vector<std::byte>& source,
                          std::uint32_t count,
                          Samples& samples) {
  const Shape shape{static_cast<std::int64_t>(source.size())};
  auto view = TensorView::of_bytes(source, DType::uint8, shape);
  if (!view) {
    return std::move(view).error();
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begun = sync::monotonic_now();
    if (auto version = publisher.publish({{"bytes", *view}}); !version) {
      return std::move(version).error();
    }
    samples.add(sync::monotonic_now() - begun);
  }
  return {};
}

Result<void> run_peer(Board& board, const std::string& socket, const TopicNames& names) {
  auto client = Client::connect({.socket = socket, .name = "bench-peer", .timeout = kSetUp});
  if (!client) {
    return std::move(client).error();
  }
  auto topics = TopicPair::open(*client, names.pong, names.ping);
  if (!topics) {
    return std::move(topics).error();
  }
  return serve(board, [&](Task task, std::uint32_t count) -> Result<void> {
    switch (task) {
      case Task::echo_line:
        echo_line(board, count);
        return {};
      case Task::sleep_futex:
        sleep_on_futex(board, board.word, count);
        return {};
      case Task::echo_topic:
        return echo(*topics, count);
      case Task::sleep_topic:
        return sleep_on(board, *topics, count);
      default:
        return Error{.code = Errc::bad_request, .detail = "no such task"};
    }
  });
}

}  // namespace tenure::cli::bench
