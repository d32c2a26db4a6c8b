// SPDX-License-Identifier: Apache-2.0
/// A queue of one lane, on the atomics of relacy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/layout/queue_cell.hpp"
#include "proto/layout/queue_plan.hpp"
#include "proto/layout/queue_word.hpp"
#include "tests/model/relacy_atomics.hpp"

namespace tenure::test {

template <class Variant, std::uint32_t kSlots>
struct RelacyQueue {
  using Word32 = Word<std::uint32_t, Variant>;
  static constexpr std::uint32_t kCells = kSlots < 2 ? 2 : 4;  // Enough for up to three slots.

  /// What proto/sync asks for. A participant's queue is constant, its words are not.
  class Queue {
   public:
    using Word64 = Word<std::uint64_t, Variant>;
    struct State {
      Word32 ended{Field::ended};
    };
    struct Counters {
      Word64 dropped;
      Word64 discarded;
      Word64 cancelled;
    };
    struct Wait {
      Word32 bell{Field::queue_bell};
      Word32 poll_bell{Field::queue_bell};
      Word64 waiting{Field::waiting};
      Word64 wakes;
    };
    struct Ring {
      Word64 head{Field::ring_head};
      Word64 tail{Field::ring_tail};
    };
    struct Slot {
      Word64 word{Field::queue_word};
      Word64 pushed_ns;
    };

    [[nodiscard]] const layout::QueueShape& shape() const noexcept { return shape_; }
    [[nodiscard]] layout::RingCapacity capacity() const noexcept { return {kCells}; }
    [[nodiscard]] State& state() const noexcept { return state_; }
    [[nodiscard]] Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] Wait& wait(layout::RingName name) const noexcept {
      return waits_.at(name.wait_index());
    }
    [[nodiscard]] Ring& ring(layout::RingName name) const noexcept {
      return rings_.at(name.index());
    }
    [[nodiscard]] Word64& cell(layout::RingName name, std::uint64_t position) const noexcept {
      return cells_.at(name.index() * kCells + capacity().index(position));
    }
    [[nodiscard]] Slot& slot(std::size_t index) const noexcept { return slots_.at(index); }

   private:
    struct Cell : Word64 {
      Cell() : Word64(Field::cell) {}
    };

    layout::QueueShape shape_{
        .slots = kSlots, .lanes = 1, .max_deliveries = 0, .is_repeatable = false};
    mutable State state_;
    mutable Counters counters_;
    mutable std::array<Wait, 3> waits_;
    mutable std::array<Ring, 4> rings_;
    mutable std::array<Cell, 4 * kCells> cells_;
    mutable std::array<Slot, kSlots> slots_;
  };

  static void fence(std::memory_order order) noexcept {
    if (!self().is_dead()) {
      rl::atomic_thread_fence(to_relacy(order), RL_INFO);
    }
  }
  // One who sleeps at most: each wakes all.
  static void wake_one(const Word32& word) noexcept { wake_all(word); }
  static void wake_all(const Word32& word) noexcept { RelacyAtomics<Variant, 1>::wake_all(word); }
  template <class GivesUp>
  static void futex_wait(const Word32& word, std::uint32_t expected, GivesUp&& gives_up) {
    RelacyAtomics<Variant, 1>::futex_wait(word, expected, gives_up);
  }
};

}  // namespace tenure::test
