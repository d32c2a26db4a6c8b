// SPDX-License-Identifier: Apache-2.0
/// The queue that sweeps kill processes in, and those who survive them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "client/lib/queue_memory.hpp"
#include "tests/fault/kill_at_store.hpp"
#include "tests/support/shared.hpp"

namespace tenure::test {

struct QueueSize {
  std::size_t slots = 1;
  std::size_t lanes = 1;
};
[[nodiscard]] std::string name_of(const QueueSize& size);

/// A bundle that was there when everything was emptied.
struct Found {
  std::int64_t number = 0;
  std::size_t lane = 0;  // Or kParked.
  std::uint32_t deliveries = 0;
  bool is_poisoned = false;
};

/// What was there, lane by lane, then the parked bundles.
class Contents {
 public:
  explicit Contents(std::vector<Found> found) : found_(std::move(found)) {}

  [[nodiscard]] std::size_t count() const noexcept { return found_.size(); }
  /// Where this number is; fails the test if it is there twice.
  [[nodiscard]] std::optional<Found> find(std::int64_t number) const;
  /// The same of one that must be there: fails the test if it is not.
  [[nodiscard]] Found at(std::int64_t number) const;

 private:
  std::vector<Found> found_;
};

/// What a sweep is about, besides the verb.
struct QueuePart {
  std::function<void()> prepare = {};  ///< Before the doomed one is there.
  /// Judges what it left; whether the verb has had its effect. Once it has, it has in all later
  /// rounds, and when the verb is through.
  std::function<bool(const Contents&)> has_happened = {};
};

/// In the process that survives: it has all roles open, and the queue's memory itself, to look at.
/// Threads: one.
class SweptQueue {
 public:
  SweptQueue(const std::string& socket, QueueSize size, QueueOptions options = {});
  SweptQueue(const SweptQueue&) = delete;
  SweptQueue& operator=(const SweptQueue&) = delete;
  ~SweptQueue();  // Removes the queue.

  [[nodiscard]] const QueueSize& size() const noexcept { return size_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool has_finished();

  void push(std::int64_t number, std::size_t lane = 0);
  /// Pushes it, and sets it aside.
  void push_parked(std::int64_t number);
  void finish();

  /// One round: the process is killed before its n-th store. Whether it got through without.
  bool round(int fatal_store, const Verb& verb, const QueuePart& part);
  /// Rounds with n = 1, 2, 3 ... until it gets through; how many.
  int sweep(const Verb& verb, const QueuePart& part);

 private:
  void pretend_to_wait();
  void expect_all_gone();
  void expect_all_rung();
  void expect_effect(bool has_happened);
  [[nodiscard]] Contents empty_all();
  void go_on();
  void expect_every_slot_once();

  const std::string socket_;
  const QueueSize size_;
  const std::string name_;
  Client client_;
  std::shared_ptr<detail::QueueMemory> memory_;
  std::vector<Producer> producers_;    // By lane.
  std::vector<Consumer> consumers_;    // By lane, then of the parked.
  std::vector<std::uint32_t> epochs_;  // Before the round, of each line on which somebody waits.
  bool had_happened_ = false;          // In a round of this sweep.
  support::Shared<Notes> notes_;
};

/// Fills a draft with a number, with a step before and after it.
void fill_stepwise(Draft& draft, std::int64_t number);
[[nodiscard]] std::int64_t number_of(const Bundle& bundle);

}  // namespace tenure::test
