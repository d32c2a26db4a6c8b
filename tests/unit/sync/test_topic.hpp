// SPDX-License-Identifier: Apache-2.0
/// A topic's head and bell in plain memory, and atomics whose fences a test can interrupt: what a
/// peer does between two steps becomes a function call, so every interleaving is exact.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <utility>

#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/topic_reader.hpp"
#include "proto/sync/topic_repair.hpp"
#include "proto/sync/topic_writer.hpp"

namespace tenure::test {

/// The real atomics; a full fence first runs what the test wants to happen there, once.
struct HookedAtomics : sync::StdAtomics {
  static inline std::function<void()> at_fence;
  static inline int fences_to_skip = 0;

  static void fence(std::memory_order order) noexcept {
    if (order == std::memory_order_seq_cst && at_fence && fences_to_skip-- == 0) {
      std::exchange(at_fence, nullptr)();
    }
    sync::StdAtomics::fence(order);
  }
  /// Runs `peer` at the full fence after `skip` others.
  static void at(int skip, std::function<void()> peer) {
    fences_to_skip = skip;
    at_fence = std::move(peer);
  }
};

using Writer = sync::TopicWriter<HookedAtomics>;
using Reader = sync::TopicReader<HookedAtomics>;

/// Memory as the broker makes it.
class TestTopic {
 public:
  explicit TestTopic(std::size_t slots, std::size_t entries = 4, bool is_lossless = false)
      : slots_(slots), entries_(entries), is_lossless_(is_lossless) {
    HookedAtomics::at_fence = nullptr;
    head_.reset(new (std::align_val_t{64}) layout::TopicHead{});
    const std::size_t bytes = layout::topic_bell_bytes(entries);
    bell_bytes_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{64})));
    std::uninitialized_fill_n(bell_bytes_.get(), bytes, std::byte{0});
  }

  [[nodiscard]] layout::TopicHead& head() noexcept { return *head_; }
  [[nodiscard]] layout::TopicBell& bell() noexcept {
    return *reinterpret_cast<layout::TopicBell*>(bell_bytes_.get());
  }
  [[nodiscard]] layout::SlotWord word(std::size_t slot) const {
    return layout::SlotWord::unpack(head_->slots[slot].word.load());
  }
  [[nodiscard]] layout::Latest latest() const {
    return layout::Latest::unpack(head_->newest.latest.load());
  }
  void set_word(std::size_t slot, layout::SlotWord word) {
    head_->slots[slot].word.store(word.pack());
  }

  [[nodiscard]] Writer writer() {
    return Writer(
        head(), bell(), {.slots = slots_, .entries = entries_, .is_lossless = is_lossless_});
  }
  /// A registered subscriber that has started.
  [[nodiscard]] Reader reader(std::size_t entry, bool at_oldest = false) {
    sync::register_entry(head(), bell(), entry, true);
    Reader reader(head(), &bell(), entry, slots_, is_lossless_);
    reader.start(at_oldest);
    return reader;
  }

 private:
  struct Free {
    void operator()(layout::TopicHead* head) const {
      ::operator delete(head, std::align_val_t{64});
    }
    void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t{64}); }
  };

  std::size_t slots_;
  std::size_t entries_;
  bool is_lossless_;
  std::unique_ptr<layout::TopicHead, Free> head_;
  std::unique_ptr<std::byte, Free> bell_bytes_;
};

/// Claims and publishes at once; the slot.
inline std::size_t publish(Writer& writer) {
  const auto slot = writer.try_claim();
  writer.publish(slot.value());
  return *slot;
}

}  // namespace tenure::test
