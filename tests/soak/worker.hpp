// SPDX-License-Identifier: Apache-2.0
/// One process of the soak: a publisher or a reader that checks all it sees.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <tenure/tenure.hpp>

#include "tests/soak/board.hpp"
#include "tests/soak/random.hpp"

namespace tenure::soak {

[[nodiscard]] inline std::chrono::nanoseconds now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch();
}

/// What every role needs. Threads: one.
class Worker {
 public:
  Worker(std::string socket, Board& board, std::size_t index);

  [[nodiscard]] bool is_over() const noexcept { return board_.stop; }
  [[nodiscard]] Board& board() const noexcept { return board_; }
  [[nodiscard]] WorkerBoard& own() const noexcept { return own_; }
  [[nodiscard]] const WorkerSpec& spec() const noexcept { return own_.spec; }
  [[nodiscard]] TopicBoard& topic() const noexcept { return topic_; }
  [[nodiscard]] const TopicSpec& topic_spec() const noexcept { return topic_.spec; }
  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

  void did_one() noexcept { own_.operations.fetch_add(1, std::memory_order_relaxed); }
  void violation(const std::string& what) { violate(board_, &own_, what); }
  /// Reopens a role whose topic has got fresh memory, which is a violation where nothing gives
  /// cause to; whether the role can go on.
  [[nodiscard]] bool reopen(tenure::Role& role, const Error& error);
  /// Sleeps, in pieces, so that the end is not missed.
  void pause(std::chrono::microseconds duration) const;

 private:
  std::string socket_;
  Board& board_;
  WorkerBoard& own_;
  TopicBoard& topic_;
  std::string name_;
  Random random_;
};

void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t to) noexcept;

/// Until the end of the round.
void run_publisher(Worker& worker, Client& client);
void run_reader(Worker& worker, Client& client);
/// After the round: every slot can be had at once, and versions have gone on.
void run_refill(Worker& worker, Client& client);

/// Forks in the middle of reading: in the child every handle says `forked`, and opens again.
void check_fork(Worker& worker, Subscriber& subscriber, const View& view);

}  // namespace tenure::soak
