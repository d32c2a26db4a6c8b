// SPDX-License-Identifier: Apache-2.0
/// The publisher's half of a topic: choose a slot, claim it, publish it.
///
/// Steps and their order are those of the model (topic.pml); each one left out makes a run fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proto/layout/slot_word.hpp"
#include "proto/sync/subscriber_scan.hpp"
#include "proto/sync/topic_wake.hpp"

namespace tenure::sync {

/// The only writer of a topic's slot words while its publisher lives. Threads: one at a time.
template <class A = StdAtomics>
class TopicWriter {
 public:
  struct Shape {
    std::size_t slots;    // 1..64
    std::size_t entries;  // 1..1023
    bool is_lossless;
  };

  /// Takes over the words as the broker left them: repaired, and made visible by its answer.
  TopicWriter(typename A::Head& head, typename A::Bell& bell, Shape shape) noexcept
      : head_(head), bell_(bell), shape_(shape) {
    for (std::size_t slot = 0; slot < shape_.slots; ++slot) {
      // relaxed: the broker's answer came through a socket. alone: topic.attach
      mine_[slot] = layout::SlotWord::unpack(word(slot).load(std::memory_order_relaxed));
    }
    latest_ = layout::Latest::unpack(head_.newest.latest.load(std::memory_order_relaxed));
    last_tried_ = latest_.slot;
  }

  [[nodiscard]] std::uint64_t next_version() const noexcept { return latest_.version + 1; }
  [[nodiscard]] bool can_publish_more() const noexcept {
    return latest_.version < layout::kMaxVersion;
  }

  /// A slot whose bytes may be changed from now on; nothing if each is held, not yet seen by every
  /// subscriber (lossless), the newest, or a draft already.
  [[nodiscard]] std::optional<std::size_t> try_claim() noexcept {
    // seq_cst: the last store of `latest` is visible before the first scan: a subscriber that
    // registers now either sees it or is seen (needed with lossless retention only).
    // pairs: topic.registration
    A::fence(std::memory_order_seq_cst);
    const Needs needs = scan_needs<A>(head_, bell_, shape_.entries);
    for (std::size_t i = 0; i < shape_.slots; ++i) {
      last_tried_ = (last_tried_ + 1) % shape_.slots;  // In turn: no restore repeats for ever.
      if (is_usable(last_tried_, needs) && claim(last_tried_)) {
        return last_tried_;
      }
    }
    return std::nullopt;
  }

  /// Whether try_claim() has a chance; writes nothing.
  [[nodiscard]] bool could_claim() const noexcept {
    const Needs needs = scan_needs<A>(head_, bell_, shape_.entries);
    for (std::size_t slot = 0; slot < shape_.slots; ++slot) {
      if (is_usable(slot, needs)) {
        return true;
      }
    }
    return false;
  }

  /// Makes a claimed slot visible as next_version(). Its record and data stand already.
  void publish(std::size_t slot) noexcept {
    const layout::SlotWord ready{.version = next_version(), .phase = layout::Phase::ready};
    // release: THE COMMIT. Record, descriptors and data are visible before it. A publisher that
    // dies right after it has published: the broker completes `latest`. pairs: topic.commit
    word(slot).store(ready.pack(), std::memory_order_release);
    mine_[slot] = ready;
    drafts_ &= ~(std::uint64_t{1} << slot);
    latest_ = {.version = ready.version, .slot = static_cast<std::uint32_t>(slot)};
    // release: the word above is visible before it is named. pairs: topic.latest
    head_.newest.latest.store(latest_.pack(), std::memory_order_release);
    // seq_cst: `latest` before the look at the waiters' flags. pairs: wake.sleep
    A::fence(std::memory_order_seq_cst);
    wake_readers<A>(head_, bell_);
  }

  /// Gives a claimed slot back unpublished. Its bytes may have changed, so what it held is gone;
  /// the only slot of a K = 1 topic is then poisoned, as after a death.
  void drop(std::size_t slot) noexcept {
    mine_[slot] = {.version = 0,
                   .phase = shape_.slots == 1 && latest_.version != 0 ? layout::Phase::poisoned
                                                                      : layout::Phase::free};
    // relaxed: nobody reads the bytes of a free or poisoned slot. pairs: topic.commit
    word(slot).store(mine_[slot].pack(), std::memory_order_relaxed);
    drafts_ &= ~(std::uint64_t{1} << slot);
  }

  /// Stops waiting for those under the lag limit that have not seen the oldest bundle which only
  /// that keeps; they learn of it by `gap`. Called when the limit has passed. Returns how many.
  std::size_t drop_laggards() noexcept {
    const std::uint64_t oldest = oldest_unseen(scan_needs<A>(head_, bell_, shape_.entries));
    std::size_t dropped = 0;
    for_each_entry(head_.limited, shape_.entries, [&](std::size_t index) {
      auto& seen = bell_.entry(index).seen;
      // relaxed: only compared; the exchange below decides. pairs: topic.seen
      std::uint64_t value = seen.load(std::memory_order_relaxed);
      // acq_rel: fails if the subscriber has moved on. pairs: topic.seen
      if (value < oldest &&
          seen.compare_exchange_strong(
              value, layout::kDropped, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        ++dropped;
      }
    });
    return dropped;
  }

 private:
  [[nodiscard]] auto& word(std::size_t slot) noexcept { return head_.slots[slot].word; }

  [[nodiscard]] bool is_latest(std::size_t slot) const noexcept {
    return shape_.slots > 1 && latest_.version != 0 && latest_.slot == slot;
  }

  [[nodiscard]] bool is_needed(std::size_t slot, const Needs& needs) const noexcept {
    const layout::SlotWord old = mine_[slot];
    return needs.holds(slot) || (shape_.is_lossless && old.phase == layout::Phase::ready &&
                                 needs.seen_by_all < old.version);
  }

  [[nodiscard]] bool is_usable(std::size_t slot, const Needs& needs) const noexcept {
    const bool is_draft = (drafts_ >> slot & 1U) != 0;
    return !is_draft && !is_latest(slot) && !is_needed(slot, needs);
  }

  // The oldest bundle that no view holds and that is not the newest; 0 if there is none.
  [[nodiscard]] std::uint64_t oldest_unseen(const Needs& needs) const noexcept {
    std::uint64_t oldest = 0;
    for (std::size_t slot = 0; slot < shape_.slots; ++slot) {
      const layout::SlotWord word = mine_[slot];
      if (word.phase == layout::Phase::ready && !is_latest(slot) && !needs.holds(slot) &&
          (oldest == 0 || word.version < oldest)) {
        oldest = word.version;
      }
    }
    return oldest;
  }

  // Claims a slot that looked usable, or leaves it as it was because somebody holds it by now.
  [[nodiscard]] bool claim(std::size_t slot) noexcept {
    const layout::SlotWord old = mine_[slot];
    const bool is_whole = old.phase != layout::Phase::poisoned;
    const layout::SlotWord claimed{
        .version = is_whole ? old.version : 0,
        .phase = is_whole ? layout::Phase::claimed : layout::Phase::writing};
    word(slot).store(claimed.pack(),
                     std::memory_order_relaxed);  // relaxed: the fence. pairs: topic.hold
    // seq_cst: store of the claim, fence, load of the holds; a viewer stores its hold, fences,
    // loads the word: one of the two sees the other. pairs: topic.hold
    A::fence(std::memory_order_seq_cst);
    if (is_needed(slot, scan_needs<A>(head_, bell_, shape_.entries))) {
      // release: the bytes under it are as published. pairs: topic.commit
      word(slot).store(old.pack(), std::memory_order_release);
      return false;
    }
    // A free slot holds nothing that a dead publisher's repair could bring back.
    const layout::SlotWord writing{.version = 0, .phase = layout::Phase::writing};
    word(slot).store(writing.pack(),
                     std::memory_order_relaxed);  // relaxed: fence. pairs: topic.snapshot
    // release: a snapshot that copied a byte written after this sees at least `writing` at its
    // second look. pairs: topic.snapshot
    A::fence(std::memory_order_release);
    mine_[slot] = writing;
    drafts_ |= std::uint64_t{1} << slot;
    return true;
  }

  typename A::Head& head_;
  typename A::Bell& bell_;
  Shape shape_;
  std::array<layout::SlotWord, layout::kMaxSlots> mine_{};  // What this publisher stored last.
  layout::Latest latest_;
  std::uint64_t drafts_ = 0;  // Bit i: slot i is claimed.
  std::size_t last_tried_ = 0;
};

}  // namespace tenure::sync
