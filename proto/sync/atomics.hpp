// SPDX-License-Identifier: Apache-2.0
/// What the protocols run on. The algorithms of this folder are templates over such a struct, so
/// that a checker can put its own atomics, fences and futexes in the place of these.
#pragma once

#include <atomic>
#include <cstdint>

#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/sync/futex.hpp"
#include "proto/sync/queue_memory.hpp"

namespace tenure::sync {

/// The real ones.
struct StdAtomics {
  using Head = layout::TopicHead;
  using Bell = layout::TopicBell;
  using Entry = layout::SubscriberEntry;
  using Word32 = FutexWord;
  using Queue = QueueMemoryOf<layout::StdAtomic>;

  static void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
  static void wake_one(const Word32& word) noexcept { futex_wake_one(word); }
  static void wake_all(const Word32& word) noexcept { futex_wake_all(word); }
};

}  // namespace tenure::sync
