// SPDX-License-Identifier: Apache-2.0
/// What became of every bundle of a round of queues: kept beside the product, so that its word can
/// be checked.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tests/soak/board.hpp"
#include "tests/soak/shared_memory.hpp"

namespace tenure::soak {

inline constexpr std::size_t kMaxQueueProducers = 4;
inline constexpr std::uint64_t kMaxItems = std::uint64_t{1} << 23U;  // Of a producer, in a round.
inline constexpr std::size_t kMaxUncertain = 8192;

/// Which bundle it is: who pushed it, in which of its lives, and the how many-th of all its lives.
struct ItemId {
  std::uint32_t producer = 0;  // Index of a worker.
  std::uint32_t life = 0;
  std::uint64_t number = 0;  // From 1 up.

  [[nodiscard]] static constexpr ItemId unpack(std::uint64_t packed) noexcept {
    return {.producer = static_cast<std::uint32_t>(packed >> 60U),
            .life = static_cast<std::uint32_t>(packed >> 32U & 0xFFF'FFFFU),
            .number = packed & 0xFFFF'FFFFU};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept {
    return std::uint64_t{producer} << 60U | std::uint64_t{life} << 32U | number;
  }
};
[[nodiscard]] std::string describe(const ItemId& id);

/// What a bundle's last holder said of it. `acking` and `passing`: about to; what came of it is
/// known by what comes next.
enum class ItemStage : std::uint8_t { none, held, acking, acked, giving_back, passing_on };

/// A producer's page.
struct ProducerPage {
  std::atomic<std::uint64_t> begun;   ///< The last number that it was about to push,
  std::atomic<std::uint64_t> pushed;  ///< and the last that push() said was done.
  /// Numbers between the two, at which it was killed: pushed or not.
  std::atomic<std::uint32_t> uncertain_count;
  std::array<std::atomic<std::uint64_t>, kMaxUncertain> uncertain;
  /// When the last ones had been pushed.
  struct News {
    std::atomic<std::uint64_t> number;
    std::atomic<std::int64_t> at_ns;  ///< CLOCK_MONOTONIC, when push() had returned.
  };
  std::array<News, kRemembered> news;
  std::atomic<std::uint64_t> news_count;
  /// By number: stage 4, worker 8, life 20 bits.
  std::array<std::atomic<std::uint32_t>, kMaxItems> items;
};

struct LedgerOfQueue {
  std::array<ProducerPage, kMaxQueueProducers> producers;
};

/// Sums over all bundles of a round, once nobody has any.
struct QueueAudit {
  std::uint64_t pushed = 0;            ///< As push() said.
  std::uint64_t uncertain_pushes = 0;  ///< Their producer was killed meanwhile, nobody saw them.
  std::uint64_t acked = 0;             ///< As ack() said.
  std::uint64_t uncertain_acks =
      0;                   ///< Their consumer was killed meanwhile, nobody saw them again.
  std::uint64_t gone = 0;  ///< Pushed for certain, and not acknowledged.
  std::string first_gone = {};
};
[[nodiscard]] QueueAudit audit(const LedgerOfQueue& ledger);

/// The ledger in the hands of one worker's process. Threads: one.
///
/// A bundle belongs to one process at a time: from its pop to the mark of its ending the entry is
/// this one's. Whoever finds another living one there has found two holders.
class QueueLedger {
 public:
  QueueLedger(Board& board, std::size_t worker);

  // A producer's, numbers in ascending order.
  /// None: it has pushed kMaxItems.
  [[nodiscard]] std::optional<ItemId> begin_push() noexcept;
  void end_push(const ItemId& id, std::chrono::nanoseconds now) noexcept;
  void refuse_push(const ItemId& id) noexcept;

  // A consumer's. What is wrong; empty: nothing.
  /// `is_first`: the bundle says that it was not delivered before.
  [[nodiscard]] std::string pop(const ItemId& id, bool is_first);
  /// Before a verb that ends the hold.
  [[nodiscard]] std::string begin(const ItemId& id, ItemStage to);
  [[nodiscard]] std::string end_ack(const ItemId& id);
  /// The verb was refused: it is still held.
  [[nodiscard]] std::string keep(const ItemId& id, ItemStage from);

  /// By when at the latest the bundle had been pushed.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> pushed_by(const ItemId& id) const;

 private:
  [[nodiscard]] std::uint32_t entry(ItemStage stage) const noexcept;
  [[nodiscard]] std::string exchange(const ItemId& id, ItemStage from, ItemStage to);
  [[nodiscard]] std::string find_other(std::uint32_t entry) const;

  Board& board_;
  SharedMemory memory_;
  LedgerOfQueue& ledger_;
  std::uint32_t worker_;
  std::uint32_t life_;
};

}  // namespace tenure::soak
