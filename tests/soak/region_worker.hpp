// SPDX-License-Identifier: Apache-2.0
/// One process of a round of regions.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <tenure/tenure.hpp>

#include "tests/soak/board.hpp"
#include "tests/soak/page_stamp.hpp"
#include "tests/soak/random.hpp"
#include "tests/soak/region_ledger.hpp"

namespace tenure::soak {

/// What such a process knows of itself. Threads: one.
class RegionWorker {
 public:
  RegionWorker(std::string socket, Board& board, std::size_t index);

  [[nodiscard]] bool is_over() const noexcept { return board_.stop; }
  [[nodiscard]] Board& board() const noexcept { return board_; }
  [[nodiscard]] const RegionBoard& regions() const noexcept { return board_.regions; }
  [[nodiscard]] WorkerBoard& own() const noexcept { return own_; }
  [[nodiscard]] const WorkerSpec& spec() const noexcept { return own_.spec; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  [[nodiscard]] RegionLedger& ledger() noexcept { return ledger_; }

  /// Throws Failure where the broker does not answer.
  [[nodiscard]] Client connect() const;
  [[nodiscard]] std::uint64_t take_token_number() noexcept { return ++tokens_; }
  [[nodiscard]] Stamp stamp(std::uint64_t token) noexcept;
  void did_one() noexcept { own_.operations.fetch_add(1, std::memory_order_relaxed); }
  void violation(const std::string& what) { violate(board_, &own_, what); }
  /// Counts a success; a refusal that is none of `allowed` is a violation.
  template <class T>
  bool expect(const char* verb, const Result<T>& result, std::initializer_list<Errc> allowed) {
    if (!result) {
      return refused(verb, result.error(), allowed);
    }
    did_one();
    if (std::ranges::find(kHandovers, std::string_view(verb)) != kHandovers.end()) {
      own_.handovers.fetch_add(1, std::memory_order_relaxed);
    }
    return true;
  }
  /// Yields or sleeps for up to `most`.
  void pause(std::chrono::microseconds most);
  /// As if somebody had killed it.
  [[noreturn]] void die();

 private:
  /// By the names that expect() is told.
  static constexpr std::array<std::string_view, 6> kHandovers{
      "several", "borrow", "freeze", "lend on", "transfer", "release"};

  bool refused(const char* verb, const Error& error, std::initializer_list<Errc> allowed);

  std::string socket_;
  Board& board_;
  std::size_t index_;
  WorkerBoard& own_;
  std::uint32_t life_;
  RegionLedger ledger_;
  Random random_;
  std::uint64_t tokens_ = 0;
  std::uint64_t writes_ = 0;
};

/// Becomes the uid that its orders name.
void become_user(const WorkerSpec& spec);
/// Until the end of the round.
void run_region(RegionWorker& worker);
/// After the round, when everybody is dead: all of each buffer can be had and is as it was left.
void run_region_sweep(RegionWorker& worker);

}  // namespace tenure::soak
