// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/queue_pair.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/cli/bench/message.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;

}  // namespace

Result<void> create_bench_queue(Client& client, const std::string& name, BenchQueue queue) {
  const Shape shape{static_cast<std::int64_t>(queue.size_bytes)};
  return client.create_queue(name,
                             {.schema = {{"bytes", DType::uint8, shape}}, .slots = queue.slots});
}

QueuePair::QueuePair(Producer producer, Consumer consumer)
    : producer_(std::move(producer)), consumer_(std::move(consumer)) {
}

Result<QueuePair> QueuePair::open(Client& client, const std::string& push, const std::string& pop) {
  auto producer = client.producer(push, {.timeout = kSetUp});
  if (!producer) {
    return std::move(producer).error();
  }
  auto consumer = client.consumer(pop, {.timeout = kSetUp});
  if (!consumer) {
    return std::move(consumer).error();
  }
  return QueuePair(*std::move(producer), *std::move(consumer));
}

Result<void> QueuePair::prepare() {
  auto draft = producer_.draft(kSetUp);
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

Result<void> QueuePair::send(std::uint8_t value) {
  std::ranges::fill(bytes_, value);
  return producer_.push(*std::move(draft_));
}

Result<bool> QueuePair::try_see() {
  if (!item_) {
    auto item = consumer_.pop(kNoWait);
    if (!item) {
      return item.error().code == Errc::empty ? Result<bool>(false) : std::move(item).error();
    }
    item_ = *std::move(item);
  }
  auto is_whole = is_whole_message(*item_);
  if (is_whole && !*is_whole) {
    return Error{.code = Errc::corrupt, .detail = "an item came with another payload"};
  }
  return is_whole;
}

Result<void> QueuePair::let_go() {
  auto done = item_ ? item_->ack() : Result<void>();
  item_.reset();
  return done;
}

Result<void> QueuePair::wait() {
  auto item = consumer_.pop();
  if (!item) {
    return std::move(item).error();
  }
  item_ = *std::move(item);
  return {};
}

}  // namespace tenure::cli::bench
