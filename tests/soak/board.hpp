// SPDX-License-Identifier: Apache-2.0
/// What the processes of one soak share besides the product: their orders, and what they found.
/// One memfd, mapped by all; its descriptor is inherited.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace tenure::soak {

inline constexpr std::size_t kMaxTopics = 3;
inline constexpr std::size_t kMaxWorkers = 20;
inline constexpr std::size_t kRemembered = 512;

enum class Role : std::uint8_t { publisher, latest, next, snapshot, poll, fork, refill };
enum class Pace : std::uint8_t { flat_out, paced, bursty };

[[nodiscard]] constexpr const char* name_of(Role role) noexcept {
  constexpr std::array kNames{"publisher", "latest", "next", "snapshot", "poll", "fork", "refill"};
  return kNames.at(static_cast<std::size_t>(role));
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
  std::atomic<std::uint64_t> starved;  ///< Snapshots that the publisher overwrote: allowed.
  std::atomic<std::uint64_t> seen;     ///< Readers: the last version.
  std::atomic<std::uint32_t> stops;    ///< SIGSTOPs so far, counted before each.
};

struct Board {
  std::atomic<bool> stop;            ///< Everybody ends in good order.
  std::atomic<bool> is_interrupted;  ///< The soak is ending by a signal.
  std::atomic<std::uint64_t> violations;
  std::uint32_t round = 0;
  bool has_leases = true;  ///< Unset: a new publisher gets fresh memory, so `superseded` is normal.
  std::array<TopicBoard, kMaxTopics> topics;
  std::array<WorkerBoard, kMaxWorkers> workers;
};

[[nodiscard]] inline std::string topic_name(std::uint32_t round, std::uint32_t topic) {
  return "soak/" + std::to_string(round) + "/" + std::to_string(topic);
}

[[nodiscard]] std::string describe(const TopicSpec& spec);

/// The board in a memfd. The first one makes it; others map the descriptor that they inherited.
class SharedBoard {
 public:
  SharedBoard();
  explicit SharedBoard(int fd);
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  ~SharedBoard();

  [[nodiscard]] Board& operator*() const noexcept { return *board_; }
  [[nodiscard]] Board* operator->() const noexcept { return board_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// For the next round: everything but the violations.
  void clear() noexcept;

 private:
  int fd_;
  Board* board_;
};

/// Counts a violation, and prints the first ones: where, who, what.
void violate(Board& board, const WorkerBoard* who, const std::string& what);

}  // namespace tenure::soak
