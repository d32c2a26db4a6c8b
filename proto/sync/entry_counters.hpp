// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "proto/sync/atomics.hpp"

namespace tenure::sync {

/// What a subscriber counts of itself in its entry, for people to read; an observer has none.
/// Threads: one at a time.
template <class A = StdAtomics>
class EntryCounters {
 public:
  explicit EntryCounters(typename A::Entry* entry) noexcept : entry_(entry) {}

  void view(std::uint64_t missed) noexcept {
    add(&A::Entry::views, 1);
    if (missed != 0) {
      add(&A::Entry::missed, missed);
    }
  }
  void retry() noexcept { add(&A::Entry::retries, 1); }
  void snapshot() noexcept { add(&A::Entry::snapshots, 1); }
  void torn() noexcept { add(&A::Entry::torn, 1); }

 private:
  template <class Counter>
  void add(Counter A::Entry::* counter, std::uint64_t by) noexcept {
    if (entry_ != nullptr) {
      auto& value = entry_->*counter;
      // relaxed: one writer, and nothing is decided on it. alone: topic.counters
      value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
  }

  typename A::Entry* entry_;
};

}  // namespace tenure::sync
