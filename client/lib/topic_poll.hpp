// SPDX-License-Identifier: Apache-2.0
/// What the fds of a topic's roles watch.
#pragma once

#include <chrono>
#include <cstdint>

#include "client/lib/poll_source.hpp"
#include "client/lib/topic_memory.hpp"
#include "proto/sync/subscriber_scan.hpp"

namespace tenure::detail {

/// A subscriber's: is there a newer bundle? Whoever waits is rung; only a dishonest peer takes its
/// flag down unrung.
class NewerBundle final : public PollSource {
 public:
  explicit NewerBundle(const TopicMemory& memory) noexcept : head_(memory.head()) {}

  [[nodiscard]] const sync::FutexWord& word() const noexcept override { return head_.bell.wake; }
  void arm() noexcept override { armed_ = latest(); }
  [[nodiscard]] bool has_changed() const noexcept override { return latest() != armed_; }

 private:
  [[nodiscard]] std::uint64_t latest() const noexcept {
    // relaxed: only compared. pairs: topic.latest
    return head_.newest.latest.load(std::memory_order_relaxed);
  }

  const sync::StdAtomics::Head& head_;
  std::uint64_t armed_ = 0;
};

/// A publisher's: has a slot come free? Readers let go without a fence, so it looks often.
class FreeTopicSlot final : public PollSource {
 public:
  explicit FreeTopicSlot(const TopicMemory& memory) noexcept : memory_(memory) {}

  [[nodiscard]] const sync::FutexWord& word() const noexcept override {
    return memory_.bell()->release.wake;
  }
  [[nodiscard]] std::chrono::nanoseconds look_every() const noexcept override {
    return std::chrono::milliseconds(1);
  }
  void arm() noexcept override { armed_ = needs(); }
  [[nodiscard]] bool has_changed() const noexcept override {
    const sync::Needs current = needs();
    return current.held != armed_.held || current.seen_by_all != armed_.seen_by_all;
  }

 private:
  [[nodiscard]] sync::Needs needs() const noexcept {
    return sync::scan_needs(memory_.head(), *memory_.bell(), memory_.opened().subscribers);
  }

  const TopicMemory& memory_;
  sync::Needs armed_;
};

}  // namespace tenure::detail
