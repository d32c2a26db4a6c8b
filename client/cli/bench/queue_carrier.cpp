// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/queue_carrier.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

// After this the other side counts as gone.
constexpr Timeout kPatience = 10s;

Error wrong_side() {
  return {.code = Errc::stale, .detail = "this side of the queue was not opened"};
}

}  // namespace

Result<void> QueueCarrier::open(Client& client, const std::string& name, Side side) {
  if (side == Side::producer) {
    auto producer = client.producer(name, {.timeout = kPatience});
    if (!producer) {
      return std::move(producer).error();
    }
    producer_ = *std::move(producer);
    return {};
  }
  auto consumer = client.consumer(name, {.timeout = kPatience});
  if (!consumer) {
    return std::move(consumer).error();
  }
  consumer_ = *std::move(consumer);
  return {};
}

Result<std::span<std::byte>> QueueCarrier::draft() {
  auto draft = producer_ ? producer_->draft(kPatience) : wrong_side();
  if (!draft) {
    return std::move(draft).error();
  }
  draft_ = *std::move(draft);
  auto bytes = draft_->span<std::uint8_t>("bytes");
  return bytes ? Result(std::as_writable_bytes(*bytes)) : std::move(bytes).error();
}

Result<void> QueueCarrier::push() {
  return producer_ ? producer_->push(*std::move(draft_)) : wrong_side();
}

Result<std::span<const std::byte>> QueueCarrier::pop() {
  auto item = consumer_ ? consumer_->pop(kPatience) : wrong_side();
  if (!item) {
    return std::move(item).error();
  }
  item_ = *std::move(item);
  auto bytes = item_->span<std::uint8_t>("bytes");
  return bytes ? Result(std::as_bytes(*bytes)) : std::move(bytes).error();
}

Result<void> QueueCarrier::ack() {
  return item_ ? item_->ack() : wrong_side();
}

}  // namespace tenure::cli::bench
