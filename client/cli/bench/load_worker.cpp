// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/load_worker.hpp"

#include <cstring>
#include <span>
#include <utility>

#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

using Word = std::uint64_t;

std::int64_t now_ns() {
  return sync::monotonic_now().count();
}

// Every byte is written. The first word is the stamp, or 0.
void fill(std::span<std::byte> item, std::uint8_t value, bool is_stamped) {
  std::memset(item.data(), value, item.size());
  const std::int64_t stamp = is_stamped ? now_ns() : 0;
  std::memcpy(item.data(), &stamp, sizeof stamp);
}

std::int64_t stamp_of(std::span<const std::byte> item) {
  std::int64_t stamp = 0;
  std::memcpy(&stamp, item.data(), sizeof stamp);
  return stamp;
}

// Whether all words but the first are the same; every byte is read.
bool is_whole(std::span<const std::byte> item) {
  Word first = 0;
  std::memcpy(&first, item.data() + sizeof first, sizeof first);
  Word differing = 0;
  for (std::size_t i = sizeof(Word); i + sizeof(Word) <= item.size(); i += sizeof(Word)) {
    Word word = 0;
    std::memcpy(&word, item.data() + i, sizeof word);
    differing |= word ^ first;
  }
  return differing == 0;
}

Result<void> push_item(Carrier& carrier, std::uint8_t value, bool is_stamped) {
  auto item = carrier.draft();
  if (!item) {
    return std::move(item).error();
  }
  fill(*item, value, is_stamped);
  return carrier.push();
}

Result<void> pop_item(Carrier& carrier, Seen& seen) {
  auto item = carrier.pop();
  if (!item) {
    return std::move(item).error();
  }
  if (const std::int64_t stamp = stamp_of(*item); stamp != 0) {
    seen.add_latency(now_ns() - stamp);
  }
  if (!is_whole(*item)) {
    return Error{.code = Errc::corrupt, .detail = "an item came with another payload"};
  }
  return carrier.ack();
}

}  // namespace

Result<void> push_items(Carrier& carrier, Tickets& tickets, std::uint32_t stamp_every) {
  std::uint32_t number = 0;
  while (const std::int64_t count = tickets.take()) {
    for (std::int64_t i = 0; i < count; ++i, ++number) {
      const auto value = static_cast<std::uint8_t>(number);
      if (auto pushed = push_item(carrier, value, number % stamp_every == 0); !pushed) {
        return pushed;
      }
    }
  }
  return {};
}

Result<void> pop_items(Carrier& carrier, Tickets& tickets, Seen& seen) {
  while (const std::int64_t count = tickets.take()) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (auto popped = pop_item(carrier, seen); !popped) {
        return popped;
      }
      if (seen.first_ns == 0) {
        seen.first_ns = now_ns();
      }
    }
    seen.last_ns = now_ns();
  }
  return {};
}

}  // namespace tenure::cli::bench
