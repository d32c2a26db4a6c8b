// SPDX-License-Identifier: Apache-2.0
/// A queue in which a participant dies, and what must be true of it afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {

/// A bundle is a number. The ledger says what has become of each.
class SweptQueue {
 public:
  static constexpr std::uint16_t kSurvivor = 0x8000;

  SweptQueue(const layout::QueueShape& shape, std::uint64_t position)
      : queue_(shape, position), numbers_(shape.slots) {}

  [[nodiscard]] TestQueue& queue() noexcept { return queue_; }
  [[nodiscard]] std::size_t last_lane() const { return queue_.shape().lanes - 1; }

  /// Everything a participant does with the bytes of its slot; nothing once it is dead.
  void fill(const sync::Taken& draft) {
    if (draft.outcome == sync::Outcome::done && !fate.is_dead()) {
      numbers_.at(draft.held.slot) = ++pushed_;
      ends_.push_back(0);
    }
  }
  void note_end(const sync::Taken& item) {
    if (item.outcome == sync::Outcome::done && !fate.is_dead()) {
      note_end(item.held.slot);
    }
  }

  /// `bundles` in the lanes in turn, `parked` of them parked; then one counted sleeper and poller
  /// everywhere, so that every wake makes its stores.
  void prepare(std::size_t bundles, std::size_t parked);
  /// The survivor takes what there is, and uses each slot that is free.
  void go_on();
  /// Everything that the words say is there arrives, once; then each slot is free, and listed once.
  void expect_in_order();
  /// Nothing died: each number ended, was dropped, or still is there.
  void expect_nothing_lost();

 private:
  void note_end(std::uint32_t slot) { ++ends_.at(numbers_.at(slot) - 1); }
  void push(std::size_t lane);
  void drain();
  [[nodiscard]] std::vector<std::uint32_t> numbers_by_words() const;

  TestQueue queue_;
  std::vector<std::uint32_t> numbers_;  // In each slot.
  std::vector<int> ends_;               // Of each number: acknowledged, dropped.
  std::vector<std::uint32_t> drained_;
  std::uint32_t pushed_ = 0;
};

/// What a participant does, from its first access to its last.
struct QueueVerb {
  std::string name;
  std::function<void(SweptQueue&, std::uint16_t)> run;
};

/// Every move there is.
[[nodiscard]] const std::vector<QueueVerb>& queue_verbs();

}  // namespace tenure::test
