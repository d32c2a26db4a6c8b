// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <tenure/client.hpp>

namespace tenure::cli::bench {

/// What a bench queue is: its slots, and the length of its uint8 tensor "bytes".
struct BenchQueue {
  std::size_t slots;
  std::size_t size_bytes;
};

/// A session queue. Errors: those of Client::create_queue
[[nodiscard]] Result<void> create_bench_queue(Client& client,
                                              const std::string& name,
                                              BenchQueue queue);

/// Pushes to one queue and pops from another, or the same. What is timed and what surrounds it are
/// calls of their own. Threads: one at a time.
class QueuePair {
 public:
  /// Waits a little for the names. Errors: those of opening
  [[nodiscard]] static Result<QueuePair> open(Client& client,
                                              const std::string& push,
                                              const std::string& pop);

  /// Takes a slot for the next send(). Errors: those of Producer::draft
  [[nodiscard]] Result<void> prepare();
  /// Fills the prepared slot with 64 bytes, all of them `value`, and pushes it.
  /// Errors: those of Producer::push
  [[nodiscard]] Result<void> send(std::uint8_t value);
  /// Whether there is an item; reads its 64 bytes and keeps it until let_go().
  /// Errors: those of Consumer::pop but empty
  [[nodiscard]] Result<bool> try_see();
  /// Acknowledges it. Errors: those of Item::ack
  [[nodiscard]] Result<void> let_go();
  /// Until an item has been popped, which try_see() then reads. Errors: those of Consumer::pop
  [[nodiscard]] Result<void> wait();

  [[nodiscard]] Producer& producer() noexcept { return producer_; }
  [[nodiscard]] Consumer& consumer() noexcept { return consumer_; }

 private:
  QueuePair(Producer producer, Consumer consumer);
  Producer producer_;
  Consumer consumer_;
  std::optional<Draft> draft_;
  std::span<std::uint8_t> bytes_;  // Of draft_.
  std::optional<Item> item_;
};

}  // namespace tenure::cli::bench
