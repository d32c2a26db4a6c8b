// SPDX-License-Identifier: Apache-2.0
/// What the processes of one soak share besides the product: their orders, and what they found.
/// One memfd, mapped by all; its descriptor is inherited.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include <tenure/queue.hpp>

#include "tests/soak/shared_memory.hpp"

namespace tenure::soak {

inline constexpr std::size_t kMaxTopics = 3;
inline constexpr std::size_t kMaxWorkers = 20;
inline constexpr std::size_t kRemembered = 512;
inline constexpr std::size_t kMaxBuffers = 2;
inline constexpr std::size_t kMaxRegionWorkers = 9;  // The last one sweeps.
inline constexpr std::uint32_t kParkedLane = ~std::uint32_t{0};

enum class Role : std::uint8_t {
  publisher,
  latest,
  next,
  snapshot,
  poll,
  fork,
  refill,
  region,        ///< Borrows, freezes, hands on.
  region_sweep,  ///< After a round of regions: has all of each buffer.
  queue_producer,
  queue_consumer,
  queue_sweep,  ///< After a round of queues: empties all lanes, and has every slot.
};
/// How a producer or consumer of a queue waits.
enum class WaitBy : std::uint8_t { sleep, poll, spin };
enum class Pace : std::uint8_t { flat_out, paced, bursty };

[[nodiscard]] constexpr const char* name_of(Role role) noexcept {
  constexpr std::array kNames{"publisher",
                              "latest",
                              "next",
                              "snapshot",
                              "poll",
                              "fork",
                              "refill",
                              "region",
                              "sweep",
                              "producer",
                              "consumer",
                              "drain"};
  return kNames.at(static_cast<std::size_t>(role));
}

[[nodiscard]] constexpr bool is_of_regions(Role role) noexcept {
  return role == Role::region || role == Role::region_sweep;
}

[[nodiscard]] constexpr bool is_of_queues(Role role) noexcept {
  return role == Role::queue_producer || role == Role::queue_consumer || role == Role::queue_sweep;
}

struct TopicSpec {
  std::uint64_t size_bytes = 8;
  std::uint64_t nonce = 0;  ///< Part of every stamp: no other topic has it.
  std::uint32_t slots = 3;
  bool is_lossless = false;
};

struct WorkerSpec {
  Role role = Role::publisher;
  Pace pace = Pace::flat_out;
  bool is_observer = false;        ///< snapshot: without the hold right.
  bool has_steps = false;          ///< Runs the library that has a step before each access.
  std::uint32_t topic = 0;         ///< Index.
  std::uint32_t hold_us = 0;       ///< Views are held up to so long.
  std::uint32_t yield_one_in = 0;  ///< Steps at which it is preempted: one in so many; 0: none.
  std::uint64_t stop_step = 0;     ///< It stops itself before this access; 0: never.
  std::uint64_t fatal_step = 0;    ///< It kills itself before this access; 0: never.
  std::uint64_t seed = 0;
  std::uint32_t uid = 0;         ///< It becomes this one; 0: it stays what it is.
  bool creates_buffers = false;  ///< Has the root borrows at first.
  std::uint32_t lane = 0;        ///< Queue; kParkedLane: it looks after the parked bundles.
  WaitBy wait_by = WaitBy::sleep;
};

struct TopicBoard {
  TopicSpec spec;
  std::atomic<std::uint64_t> published;  ///< The newest version whose publish() has returned.
  std::atomic<std::uint64_t> seen;       ///< The newest version that anybody has read.
  /// At what time which version had been published: at most one entry in kNewsPeriod.
  struct News {
    std::atomic<std::uint64_t> version;
    std::atomic<std::int64_t> at_ns;  ///< CLOCK_MONOTONIC, when publish() had returned.
  };
  std::array<News, kRemembered> news;
  std::atomic<std::uint64_t> news_count;
};

struct WorkerBoard {
  WorkerSpec spec;
  std::atomic<std::uint64_t> operations;
  /// Region: borrows, freezes, transfers and releases. Queue: bundles acknowledged.
  std::atomic<std::uint64_t> handovers;
  /// Snapshots that the publisher overwrote; queue: verbs in vain. Both are allowed.
  std::atomic<std::uint64_t> starved;
  std::atomic<std::uint64_t> seen;   ///< Readers: the last version.
  std::atomic<std::uint32_t> stops;  ///< SIGSTOPs so far, counted before each.
  /// Processes that this worker has been, this one included, and those of them that are dead or
  /// as good as dead: counted before the SIGKILL.
  std::atomic<std::uint32_t> lives;
  std::atomic<std::uint32_t> ended_lives;
  std::atomic<std::uint32_t> session;  ///< Region: its session, for tickets to it alone.
};

struct BufferSpec {
  std::uint64_t size_bytes = 0;
  std::uint64_t grain_bytes = 0;
  bool is_isolated = false;  ///< Handover::isolate.
};

/// What a round of regions is about.
struct RegionBoard {
  std::array<BufferSpec, kMaxBuffers> buffers;
  std::uint32_t buffer_count = 0;
  std::uint32_t worker_count = 0;
  bool is_lent_by_broker = false;
  bool has_many_uids = false;
  int ledger_fd = -1;
  /// One for each worker: others write datagrams to the first, it reads them from the second.
  std::array<std::array<int, 2>, kMaxRegionWorkers> mail_fds;
};

struct QueueSpec {
  std::uint32_t slots = 1;
  std::uint32_t lanes = 1;
  std::uint32_t max_deliveries = 0;
  std::uint32_t words = 8;  ///< Of a bundle, at most.
  Consume consume = Consume::read;
};

/// What a round of queues is about.
struct QueueBoard {
  QueueSpec spec;
  int ledger_fd = -1;
  bool has_faults = false;      ///< Processes are killed and stopped.
  bool is_quiet = false;        ///< All push at the same time, and then for long nobody.
  bool ends_by_finish = false;  ///< A producer finishes the queue when the round is over.
  /// How much later than it wanted to the soak's own process ran, all in all: what others may be
  /// late for the same reason.
  std::atomic<std::int64_t> host_delay_ns;
};

struct Board {
  std::atomic<bool> stop;            ///< Everybody ends in good order.
  std::atomic<bool> is_interrupted;  ///< The soak is ending by a signal.
  std::atomic<std::uint64_t> violations;
  std::uint64_t seed = 0;
  std::uint32_t round = 0;
  bool has_leases = true;  ///< Unset: a new publisher gets fresh memory, so `superseded` is normal.
  std::array<TopicBoard, kMaxTopics> topics;
  RegionBoard regions;
  QueueBoard queue;
  std::array<WorkerBoard, kMaxWorkers> workers;
};

[[nodiscard]] inline std::string topic_name(std::uint32_t round, std::uint32_t topic) {
  return "soak/" + std::to_string(round) + "/" + std::to_string(topic);
}

[[nodiscard]] std::string describe(const TopicSpec& spec);

[[nodiscard]] inline std::string buffer_name(std::uint32_t round, std::uint32_t buffer) {
  return "soak/" + std::to_string(round) + "/pool" + std::to_string(buffer);
}

[[nodiscard]] inline std::string queue_name(std::uint32_t round) {
  return "soak/" + std::to_string(round) + "/queue";
}

/// The board in a memfd. The first one makes it; others map the descriptor that they inherited.
class SharedBoard {
 public:
  SharedBoard();
  explicit SharedBoard(int fd);

  [[nodiscard]] Board& operator*() const noexcept { return *board_; }
  [[nodiscard]] Board* operator->() const noexcept { return board_; }
  [[nodiscard]] int fd() const noexcept { return memory_.fd(); }
  /// For the next round: everything but the seed and the violations.
  void clear() noexcept;

 private:
  SharedMemory memory_;
  Board* board_;
};

/// Counts a violation, and prints the first ones: where, who, what.
void violate(Board& board, const WorkerBoard* who, const std::string& what);

}  // namespace tenure::soak
