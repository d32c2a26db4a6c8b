// SPDX-License-Identifier: Apache-2.0
/// A queue's head in plain memory, on atomics that can be stopped at any store: whoever "dies"
/// there stores nothing any more and loads nothing but zeros, and what a peer does between two
/// accesses is a function call. So every interleaving and every death is exact.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "proto/layout/queue_word.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/queue_consumer.hpp"
#include "proto/sync/queue_producer.hpp"
#include "proto/sync/queue_repair.hpp"

namespace tenure::test {

/// What happens to the accesses of the running participant.
struct Fate {
  static constexpr int kNever = std::numeric_limits<int>::max();

  int stores_left = kNever;    // Before it dies; a compare-exchange counts, won or lost.
  int accesses_left = kNever;  // Before `peer` runs, once.
  std::function<void()> peer;

  [[nodiscard]] bool is_dead() const noexcept { return stores_left < 0; }
};

inline Fate fate;

/// Whoever runs from here on lives and is left alone.
inline void reset_fate() {
  fate = {};
}

/// Runs `peer` before the access after `skip` others. The peer itself is left alone.
inline void interrupt(int skip, std::function<void()> peer) {
  fate.accesses_left = skip;
  fate.peer = std::move(peer);
}

/// std::atomic as proto/sync uses it, subject to `fate`.
template <class T>
class FatedWord {
 public:
  T load(std::memory_order order) const noexcept { return begin() ? value_.load(order) : T{}; }
  void store(T value, std::memory_order order) noexcept {
    if (begin_store()) {
      value_.store(value, order);
    }
  }
  T fetch_add(T by, std::memory_order order) noexcept {
    return begin_store() ? value_.fetch_add(by, order) : T{};
  }
  bool compare_exchange_strong(T& expected,
                               T desired,
                               std::memory_order success,
                               std::memory_order failure) noexcept {
    return begin_store() && value_.compare_exchange_strong(expected, desired, success, failure);
  }
  /// For the test itself.
  [[nodiscard]] T peek() const noexcept { return value_.load(std::memory_order_seq_cst); }
  void poke(T value) noexcept { value_.store(value, std::memory_order_seq_cst); }

 private:
  static bool begin() noexcept {
    if (fate.peer && fate.accesses_left-- == 0) {
      std::exchange(fate.peer, nullptr)();
    }
    return !fate.is_dead();
  }
  static bool begin_store() noexcept {
    if (!begin()) {
      return false;
    }
    if (fate.stores_left != Fate::kNever) {
      --fate.stores_left;
    }
    return !fate.is_dead();
  }

  std::atomic<T> value_{};
};

struct FatedAtomics {
  using Queue = sync::QueueMemoryOf<FatedWord>;

  static void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
  static void wake_one(const FatedWord<std::uint32_t>& /*word*/) noexcept {}
  static void wake_all(const FatedWord<std::uint32_t>& /*word*/) noexcept {}
};

using Ring = sync::QueueRing<FatedAtomics>;
using Producer = sync::QueueProducer<FatedAtomics>;
using Consumer = sync::QueueConsumer<FatedAtomics>;

/// Memory as the broker makes it; by default every position and sequence is about to wrap.
class TestQueue {
 public:
  static constexpr std::uint64_t kLastPositions = std::uint64_t{0} - 2;
  static constexpr std::uint64_t kLastSequences = layout::kSequenceMask - 1;

  explicit TestQueue(const layout::QueueShape& shape,
                     std::uint64_t position = kLastPositions,
                     std::uint64_t sequence = kLastSequences)
      : plan_(layout::plan_queue(shape).value()),
        bytes_(static_cast<std::byte*>(
            ::operator new(plan_.head_bytes, std::align_val_t{layout::kLineBytes}))),
        queue_(bytes_.get(), shape, plan_) {
    reset_fate();
    std::uninitialized_fill_n(bytes_.get(), plan_.head_bytes, std::byte{0});
    sync::start_queue<FatedAtomics>(queue_, position, sequence);
  }

  [[nodiscard]] const FatedAtomics::Queue& get() const noexcept { return queue_; }
  [[nodiscard]] const layout::QueueShape& shape() const noexcept { return queue_.shape(); }
  [[nodiscard]] layout::QueueWord word(std::size_t slot) const {
    return layout::QueueWord::unpack(queue_.slot(slot).word.peek());
  }
  void set_word(std::size_t slot, const layout::QueueWord& word) {
    queue_.slot(slot).word.poke(word.pack());
  }
  [[nodiscard]] Producer producer(std::uint16_t owner) const { return Producer(queue_, owner); }
  [[nodiscard]] Consumer consumer(std::uint16_t owner) const { return Consumer(queue_, owner); }

  /// All its bytes.
  [[nodiscard]] std::vector<std::byte> copy() const {
    return {bytes_.get(), bytes_.get() + plan_.head_bytes};
  }
  [[nodiscard]] std::byte* bytes() noexcept { return bytes_.get(); }
  [[nodiscard]] const layout::QueuePlan& plan() const noexcept { return plan_; }

  [[nodiscard]] std::vector<layout::RingName> rings() const {
    std::vector<layout::RingName> names{layout::kFreeRing, layout::kParkedRing};
    for (std::size_t lane = 0; lane < shape().lanes; ++lane) {
      names.push_back(layout::lane_ring(lane));
      names.push_back(layout::again_ring(lane));
    }
    return names;
  }
  /// In how many cells the slot stands as its word says.
  [[nodiscard]] std::size_t listings(std::size_t slot) const {
    const layout::QueueWord word = this->word(slot);
    std::size_t count = 0;
    for (const auto name : rings()) {
      for (std::uint64_t i = 0; i < queue_.capacity().cells; ++i) {
        const std::uint64_t cell = queue_.cell(name, i).peek();
        const auto entry = layout::FullCell::unpack(cell);
        count += layout::is_full(cell) && word.is_listed() && name == word.ring() &&
                         entry.slot == slot && entry.sequence == word.sequence
                     ? 1U
                     : 0U;
      }
    }
    return count;
  }
  /// Slots of a phase.
  [[nodiscard]] std::size_t count(layout::QueuePhase phase) const {
    std::size_t count = 0;
    for (std::size_t slot = 0; slot < shape().slots; ++slot) {
      count += word(slot).phase == phase ? 1U : 0U;
    }
    return count;
  }
  /// The broker's repair for one dead session.
  sync::QueueRepairs repair(std::uint16_t dead) {
    std::vector<std::uint64_t> scratch(shape().slots);
    return sync::QueueRepair<FatedAtomics>(queue_, scratch).run([dead](std::uint16_t owner) {
      return owner == dead;
    });
  }
  /// That of a broker which starts: for all of these, and for its predecessor.
  sync::QueueRepairs repair_as_successor(std::uint16_t dead = 0) {
    std::vector<std::uint64_t> scratch(shape().slots);
    return sync::QueueRepair<FatedAtomics>(queue_, scratch).run([dead](std::uint16_t owner) {
      return owner == dead || owner == 0;
    });
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const {
      ::operator delete(bytes, std::align_val_t{layout::kLineBytes});
    }
  };

  layout::QueuePlan plan_;
  std::unique_ptr<std::byte, Free> bytes_;
  FatedAtomics::Queue queue_;
};

/// Claims and pushes at once; the slot.
inline std::uint32_t push_one(const TestQueue& queue, std::uint16_t owner, std::size_t lane = 0) {
  Producer producer = queue.producer(owner);
  const sync::Taken draft = producer.try_claim();
  if (draft.outcome != sync::Outcome::done ||
      producer.push(draft.held, lane, 1) != sync::Outcome::done) {
    return std::numeric_limits<std::uint32_t>::max();
  }
  return draft.held.slot;
}

}  // namespace tenure::test
