// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "proto/layout/topic_bell.hpp"
#include "proto/sync/atomics.hpp"

namespace tenure::sync {

/// What a subscriber says in its entry that it has seen; an observer says nothing. With lossless
/// retention the publisher gives up nothing newer, unless it drops this subscriber. Threads: one at
/// a time.
template <class A = StdAtomics>
class SeenMark {
 public:
  /// The broker has registered the entry with "seen nothing".
  SeenMark(typename A::Entry* entry, bool is_lossless) noexcept
      : entry_(entry), is_lossless_(is_lossless) {}

  /// Lossless: changed only if it says what this subscriber said last. A publisher that waits for
  /// others may have given up on this one meanwhile; to store over that would ask for bundles that
  /// are gone, and look for them for ever.
  void say(std::uint64_t version) noexcept {
    if (entry_ == nullptr) {
      return;
    }
    if (!is_lossless_) {
      // relaxed: for people. alone: topic.progress
      entry_->seen.store(version, std::memory_order_relaxed);
      return;
    }
    std::uint64_t expected = std::exchange(said_, version);
    // release: everything up to here is read before the publisher may write it again; the hold
    // protects this one. Fails only if the publisher gave up waiting. pairs: topic.seen
    if (!entry_->seen.compare_exchange_strong(
            expected, version, std::memory_order_release, std::memory_order_relaxed)) {
      was_dropped_ = true;
    }
  }

  /// Whether the publisher has given up on this subscriber.
  [[nodiscard]] bool was_dropped() const noexcept {
    // relaxed: nothing is read on the strength of it. pairs: topic.seen
    return was_dropped_ || (is_lossless_ && entry_ != nullptr &&
                            entry_->seen.load(std::memory_order_relaxed) == layout::kDropped);
  }

  /// After that: says "seen nothing". A full fence must follow.
  void begin_again() noexcept {
    said_ = 0;
    was_dropped_ = false;
    // relaxed: the fence in TopicReader::start(). pairs: topic.registration
    entry_->seen.store(0, std::memory_order_relaxed);
  }

 private:
  typename A::Entry* entry_;
  bool is_lossless_;
  bool was_dropped_ = false;
  std::uint64_t said_ = 0;
};

}  // namespace tenure::sync
