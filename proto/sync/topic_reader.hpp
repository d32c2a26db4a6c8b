// SPDX-License-Identifier: Apache-2.0
/// A subscriber's half of a topic: hold a slot, find the next one, copy one, register.
///
/// Every call is one bounded attempt; `changed` means that the publisher was in the way and the
/// caller may try again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "proto/layout/slot_word.hpp"
#include "proto/sync/entry_counters.hpp"
#include "proto/sync/seen_mark.hpp"
#include "proto/sync/slot_holds.hpp"
#include "proto/sync/slot_lines.hpp"
#include "proto/sync/slot_search.hpp"

namespace tenure::sync {

/// One subscriber object. Without an entry (an observer) only look() and snapshot() may be called.
/// Threads: one at a time.
template <class A = StdAtomics>
class TopicReader {
 public:
  TopicReader(const typename A::Head& head,
              typename A::Bell* bell,
              std::size_t entry,
              std::size_t slots,
              bool is_lossless,
              SlotLines lines = {}) noexcept
      : head_(head),
        bell_(bell),
        entry_(bell == nullptr ? nullptr : &bell->entry(entry)),
        holds_(head, bell, entry_),
        counters_(entry_),
        mark_(entry_, is_lossless),
        slots_(slots),
        is_lossless_(is_lossless),
        lines_(lines) {}

  /// Begins at the newest bundle or at the oldest that is kept.
  ///
  /// Lossless: the broker has registered this entry with "seen nothing"; after the fence no bundle
  /// that can be seen here is given up until this says what has been seen.
  void start(bool at_oldest) noexcept {
    // seq_cst: registered, fence, load of `latest`; the publisher stores `latest`, fences, scans.
    // pairs: topic.registration
    A::fence(std::memory_order_seq_cst);
    const layout::Latest newest = load_latest();
    const std::uint64_t first = at_oldest ? oldest_kept(newest.version) : newest.version;
    seen_ = first == 0 ? 0 : first - 1;
    passed_ = 0;
    mark_.say(seen_);
    if (entry_ != nullptr) {
      // release: the load of `latest` comes before. pairs: topic.joined
      entry_->joined.store(1, std::memory_order_release);
      wake_publisher<A>(*bell_);
    }
  }

  /// Goes on after a version that was seen before. What is not kept of the versions that follow is
  /// missed; with lossless retention view_next() says so first.
  void resume(std::uint64_t after) noexcept {
    start(true);
    if (is_lossless_ && seen_ > after) {
      given_up_ += seen_ - after;
    } else {
      seen_ = after;
      mark_.say(seen_);
    }
  }

  /// Lossless: asks for nothing any more; what is held stays held.
  void retire() noexcept {
    // release: what was seen and not held is read before it is written again. pairs: topic.seen
    entry_->seen.store(layout::kDropped, std::memory_order_release);
    wake_publisher<A>(*bell_);
  }

  [[nodiscard]] layout::Latest load_latest() const noexcept {
    // acquire: the word that it names is visible. pairs: topic.latest
    return layout::Latest::unpack(head_.newest.latest.load(std::memory_order_acquire));
  }
  /// Whether there is something that this subscriber has neither seen nor missed.
  [[nodiscard]] bool look() const noexcept { return load_latest().version > done_with(); }
  /// Lossless: whether view_next() would find the bundle that follows, or that it was dropped.
  [[nodiscard]] bool is_next_there() const noexcept {
    return mark_.was_dropped() || given_up_ != 0 ||
           smallest_ready<A>(head_, slots_, {seen_, seen_ + 1}).attempt == Attempt::done;
  }
  /// The last version that was seen, or said to be lost: what to resume() after in other memory.
  [[nodiscard]] std::uint64_t seen() const noexcept { return seen_ - given_up_; }

  /// Holds the newest bundle.
  [[nodiscard]] Found view_latest() noexcept {
    const layout::Latest newest = load_latest();
    if (newest.version == 0) {
      return {.attempt = Attempt::nothing_new};
    }
    Found found{.version = newest.version, .slot = newest.slot};
    if (newest.slot >= slots_) {
      return found;
    }
    if (newest.version != seen_) {
      fetch_ahead(newest.slot);
    }
    if (try_hold(found)) {
      mark_seen(found);
    }
    return found;
  }

  /// Holds the bundle after the last one seen.
  [[nodiscard]] Found view_next() noexcept {
    // `latest` first: it bounds the scan, so that no version is taken that others cannot see yet.
    const layout::Latest newest = load_latest();
    if (mark_.was_dropped()) {
      return rejoin();
    }
    if (given_up_ != 0) {
      return {.attempt = Attempt::dropped, .missed = std::exchange(given_up_, 0)};
    }
    const std::uint64_t after = done_with();
    if (newest.version <= after) {
      fetch_to_write(entry_);  // The publisher's look has shared it, and the next hold will store.
      return {.attempt = Attempt::nothing_new};
    }
    if (newest.slot < slots_) {
      fetch_ahead(newest.slot);
    }
    Found found = newest.version == after + 1 && newest.slot < slots_
                      ? Found{.version = newest.version, .slot = newest.slot}
                      : smallest_ready<A>(head_, slots_, {after, newest.version});
    if (found.version == 0 || (is_lossless_ && found.version != seen_ + 1)) {
      return {.attempt = Attempt::changed};  // Lossless: claimed, and about to be restored.
    }
    found.attempt = Attempt::changed;
    if (try_hold(found)) {
      mark_seen(found);
    } else if (!is_lossless_) {
      passed_ = found.version;  // It counts as missed: waiting for it can go on for ever.
    }
    return found;
  }

  /// One more hold on a slot that is held.
  void hold_again(std::size_t slot) noexcept { holds_.hold_again(slot); }

  /// Ends one hold. Returns whether the bundle was left alone while it was held.
  [[nodiscard]] bool let_go(std::size_t slot, std::uint64_t version) noexcept {
    const bool is_intact = holds_.let_go(slot, version);
    if (!is_intact) {
      counters_.torn();
    }
    return is_intact;
  }

  /// Copies the newest bundle by `copy(slot)`, which may meet bytes that change under it.
  template <class Copy>
  [[nodiscard]] Found snapshot(Copy&& copy) noexcept {
    const layout::Latest newest = load_latest();
    if (newest.version == 0) {
      return {.attempt = Attempt::nothing_new};
    }
    if (newest.slot >= slots_) {
      return {.attempt = Attempt::changed};
    }
    const layout::SlotWord wanted{.version = newest.version, .phase = layout::Phase::ready};
    const layout::SlotWord before = load_word<A>(head_, newest.slot);
    if (before != wanted) {
      const bool is_poisoned = slots_ == 1 && before.phase == layout::Phase::poisoned;
      return {.attempt = is_poisoned ? Attempt::poisoned : Attempt::changed};
    }
    copy(newest.slot);
    // acquire: the copied bytes are loaded before the second look. pairs: topic.snapshot
    A::fence(std::memory_order_acquire);
    if (!is_unchanged<A>(head_, newest.slot, newest.version)) {
      return {.attempt = Attempt::changed};
    }
    Found found{.attempt = Attempt::done, .version = newest.version, .slot = newest.slot};
    mark_seen(found);
    return found;
  }

  [[nodiscard]] EntryCounters<A>& counters() noexcept { return counters_; }

 private:
  [[nodiscard]] std::uint64_t done_with() const noexcept {
    return passed_ > seen_ ? passed_ : seen_;
  }

  void fetch_ahead(std::size_t slot) const noexcept {
    __builtin_prefetch(&head_.slots[slot].word);
    lines_.fetch(slot);
  }

  [[nodiscard]] bool try_hold(Found& found) noexcept {
    const bool is_held = holds_.try_hold(found.slot, found.version);
    found.attempt = is_held ? Attempt::done : Attempt::changed;
    return is_held;
  }

  // Lossless: next() then asks for each in turn. Overwrite: the smallest that is left.
  [[nodiscard]] std::uint64_t oldest_kept(std::uint64_t newest) const noexcept {
    if (is_lossless_) {
      return start_of_run<A>(head_, slots_, newest);
    }
    const Found oldest = smallest_ready<A>(head_, slots_, {0, newest});
    return oldest.attempt == Attempt::done ? oldest.version : newest;
  }

  void mark_seen(Found& found) noexcept {
    passed_ = 0;
    if (found.version <= seen_) {
      return;
    }
    found.missed = found.version - seen_ - 1 + std::exchange(given_up_, 0);
    seen_ = found.version;
    mark_.say(seen_);
    if (is_lossless_ && entry_ != nullptr) {
      wake_publisher<A>(*bell_);
    }
  }

  // Registers again, at the oldest bundle kept; `missed` says how many were lost.
  [[nodiscard]] Found rejoin() noexcept {
    mark_.begin_again();
    resume(seen_);
    return {.attempt = Attempt::dropped, .missed = std::exchange(given_up_, 0)};
  }

  const typename A::Head& head_;
  typename A::Bell* bell_;
  typename A::Entry* entry_;
  SlotHolds<A> holds_;
  EntryCounters<A> counters_;
  SeenMark<A> mark_;
  std::size_t slots_;
  bool is_lossless_;
  SlotLines lines_;
  std::uint64_t seen_ = 0;      // The last version seen.
  std::uint64_t passed_ = 0;    // next(): versions up to here were found claimed, and are missed.
  std::uint64_t given_up_ = 0;  // Lossless: bundles up to seen_ that were lost; not said yet.
};

}  // namespace tenure::sync
