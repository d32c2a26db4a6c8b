// SPDX-License-Identifier: Apache-2.0
/// Holding slots: the one step of a reader that a publisher has to respect.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/layout/slot_word.hpp"
#include "proto/sync/topic_wake.hpp"

namespace tenure::sync {

template <class A = StdAtomics>
[[nodiscard]] layout::SlotWord load_word(const typename A::Head& head, std::size_t slot) noexcept {
  // acquire: what was stored before the commit is visible. pairs: topic.commit
  return layout::SlotWord::unpack(head.slots[slot].word.load(std::memory_order_acquire));
}

/// Whether the bytes of a slot are still those of `version`: the second look of a seqlock. Comes
/// after an acquire fence.
template <class A = StdAtomics>
[[nodiscard]] bool is_unchanged(const typename A::Head& head,
                                std::size_t slot,
                                std::uint64_t version) noexcept {
  // relaxed: the caller's acquire fence. `claimed` is not yet changed. pairs: topic.snapshot
  const auto word = layout::SlotWord::unpack(head.slots[slot].word.load(std::memory_order_relaxed));
  return word.version == version &&
         (word.phase == layout::Phase::ready || word.phase == layout::Phase::claimed);
}

/// The hold bits of one subscriber entry, and how many views need each. Threads: one at a time.
template <class A = StdAtomics>
class SlotHolds {
 public:
  SlotHolds(const typename A::Head& head, typename A::Bell* bell, typename A::Entry* entry) noexcept
      : head_(head), bell_(bell), entry_(entry) {}

  /// Holds the slot for one more view if it is still ready with that version.
  [[nodiscard]] bool try_hold(std::size_t slot, std::uint64_t version) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if ((held_ & bit) == 0) {
      held_ |= bit;
      // release: who sees this bit and not those let go before sees that they were let go; as
      // orders go, a relaxed store would hide the release before it. pairs: topic.let_go
      entry_->holds.store(held_, std::memory_order_release);
      // seq_cst: store of the hold, fence, load of the word; see TopicWriter::claim.
      // pairs: topic.hold
      A::fence(std::memory_order_seq_cst);
    }
    const layout::SlotWord wanted{.version = version, .phase = layout::Phase::ready};
    if (load_word<A>(head_, slot) == wanted) {
      ++counts_[slot];
      return true;
    }
    if (counts_[slot] == 0) {  // An older view of this subscriber may need the bit.
      clear(bit);
    }
    return false;
  }

  /// Holds a slot that is held already for one more.
  void hold_again(std::size_t slot) noexcept { ++counts_[slot]; }

  /// One view less. Returns whether the bundle was left alone while it was held.
  [[nodiscard]] bool let_go(std::size_t slot, std::uint64_t version) noexcept {
    // acquire: what was read before is read before this look. pairs: topic.snapshot
    A::fence(std::memory_order_acquire);
    const bool is_intact = is_unchanged<A>(head_, slot, version);
    if (--counts_[slot] == 0) {
      clear(std::uint64_t{1} << slot);
    }
    return is_intact;
  }

 private:
  void clear(std::uint64_t bit) noexcept {
    held_ &= ~bit;
    // release: what was read is read before the publisher sees the slot let go. pairs: topic.let_go
    entry_->holds.store(held_, std::memory_order_release);
    wake_publisher<A>(*bell_);
  }

  const typename A::Head& head_;
  typename A::Bell* bell_;
  typename A::Entry* entry_;
  std::uint64_t held_ = 0;                                 // What entry_->holds says.
  std::array<std::uint32_t, layout::kMaxSlots> counts_{};  // Views and their exports per slot.
};

}  // namespace tenure::sync
