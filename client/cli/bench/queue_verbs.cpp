// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/queue_verbs.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

// Calls that take little more than a look at the clock. As many items are in the queue at most.
constexpr std::uint32_t kPerSample = 32;

// A take is three of them: word, cell, head; a move as well: word, cell, tail.
constexpr std::size_t kOfPair = 6;
constexpr std::size_t kOfAll = 2 * kOfPair;

struct alignas(64) OwnLine {
  std::atomic<std::uint64_t> word{0};
};

void measure_exchanges(std::size_t lines, Samples& samples) {
  std::array<OwnLine, kOfAll> own;
  const auto begun = sync::monotonic_now();
  for (std::uint32_t i = 0; i < kPerSample; ++i) {
    for (std::size_t j = 0; j < lines; ++j) {
      std::uint64_t expected = i;
      // seq_cst: as that of a queue; nobody else is there. alone: bench.exchange
      own[j].word.compare_exchange_strong(
          expected, i + 1, std::memory_order_seq_cst, std::memory_order_relaxed);
    }
  }
  samples.add(sync::monotonic_now() - begun, kPerSample);
}

Result<void> push_one(QueuePair& queue) {
  auto draft = queue.producer().draft(kNoWait);
  return draft ? queue.producer().push(*std::move(draft)) : std::move(draft).error();
}

Result<void> pop_one(QueuePair& queue) {
  auto item = queue.consumer().pop(kNoWait);
  return item ? item->ack() : std::move(item).error();
}

Result<void> push_pop_one(QueuePair& queue) {
  auto pushed = push_one(queue);
  return pushed ? pop_one(queue) : std::move(pushed);
}

Result<void> hand_one_over(QueuePair& queue) {
  auto done = queue.prepare();
  done = done ? queue.send(1) : std::move(done);
  if (!done) {
    return done;
  }
  auto seen = queue.try_see();
  return seen ? queue.let_go() : std::move(seen).error();
}

// The time of each.
template <class Verb>
Result<void> measure(Verb&& verb, QueuePair& queue, Samples& samples) {
  const auto begun = sync::monotonic_now();
  for (std::uint32_t i = 0; i < kPerSample; ++i) {
    if (auto done = verb(queue); !done) {
      return done;
    }
  }
  samples.add(sync::monotonic_now() - begun, kPerSample);
  return {};
}

}  // namespace

Result<void> measure_queue_verbs(QueuePair& queue, std::uint32_t count, QueueVerbs& out) {
  Result<void> done;
  for (std::uint32_t i = 0; i < count && done; ++i) {
    measure_exchanges(kOfAll, out.all.limit);
    measure_exchanges(kOfPair, out.push.limit);
    done = measure(push_pop_one, queue, out.all.ours);
    done = done ? measure(hand_one_over, queue, out.message.ours) : std::move(done);
    done = done ? measure(push_one, queue, out.push.ours) : std::move(done);
    done = done ? measure(pop_one, queue, out.pop.ours) : std::move(done);
  }
  out.message.limit = out.all.limit;
  out.pop.limit = out.push.limit;
  return done;
}

}  // namespace tenure::cli::bench
