// SPDX-License-Identifier: Apache-2.0
/// The atomics that the templates of proto/sync run on under relacy, which executes the threads of
/// a test in one thread, in many schedules, and lets a load return any value that its order allows.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tests/model/relacy_headers.hpp"
#include "tests/model/relacy_variants.hpp"

namespace tenure::test {

/// A thread of the simulation. Dead is who dies between two instructions: what it stores from then
/// on reaches nobody, and what it loads is nothing.
struct Actor {
  Access last;
  int stores_to_live = -1;  // -1: immortal
  bool is_asleep = false;   // in futex_wait
  [[nodiscard]] bool is_dead() const noexcept { return stores_to_live == 0; }
};

inline constexpr std::size_t kMaxActors = 3;
inline std::array<Actor, kMaxActors> actors;

[[nodiscard]] inline Actor& self() noexcept {
  return actors.at(rl::thread_index());
}

[[nodiscard]] inline rl::memory_order to_relacy(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    case std::memory_order_seq_cst:
      return rl::mo_seq_cst;
  }
  return rl::mo_seq_cst;
}

/// std::atomic as proto/sync uses it. `Variant` says which order is really taken.
template <class T, class Variant>
class Word {
 public:
  explicit Word(Field field = Field::counter, T value = T{}) : field_(field), value_(value) {}

  T load(std::memory_order order) const noexcept {
    if (!begin(Operation::load)) {
      return T{};
    }
    return value_.load(actual(Operation::load, order), RL_INFO);
  }
  void store(T value, std::memory_order order) noexcept {
    if (begin(Operation::store)) {
      value_.store(value, actual(Operation::store, order), RL_INFO);
      end_store();
    }
  }
  T exchange(T value, std::memory_order order) noexcept {
    if (!begin(Operation::change)) {
      return T{};
    }
    const T old = value_.exchange(value, actual(Operation::change, order), RL_INFO);
    end_store();
    return old;
  }
  T fetch_add(T value, std::memory_order order) noexcept {
    if (!begin(Operation::change)) {
      return T{};
    }
    const T old = value_.fetch_add(value, actual(Operation::change, order), RL_INFO);
    end_store();
    return old;
  }
  bool compare_exchange_strong(T& expected,
                               T desired,
                               std::memory_order success,
                               std::memory_order /*failure: always relaxed*/) noexcept {
    if (!begin(Operation::change)) {
      return false;
    }
    const bool is_done = value_.compare_exchange_strong(
        expected, desired, actual(Operation::change, success), RL_INFO, rl::mo_relaxed, RL_INFO);
    end_store();
    return is_done;
  }
  /// What is in memory, as the kernel and the test see it.
  [[nodiscard]] T in_memory() const noexcept { return value_.debug_value(); }

 private:
  bool begin(Operation operation) const noexcept {
    if (field_ == Field::counter || self().is_dead()) {
      return false;
    }
    self().last = {field_, operation};
    return true;
  }
  void end_store() noexcept {
    if (self().stores_to_live > 0) {
      --self().stores_to_live;
    }
  }
  [[nodiscard]] rl::memory_order actual(Operation operation,
                                        std::memory_order order) const noexcept {
    return to_relacy(Variant::order({field_, operation}, order));
  }

  Field field_;
  rl::atomic<T> value_;
};

/// What proto/sync asks for. A head and a bell of kSlots and kEntries, with the words that the code
/// uses; what they look like in mapped memory is of no concern here.
template <class Variant, std::size_t kSlots, std::size_t kEntries = 1>
struct RelacyAtomics {
  template <class T>
  using Of = Word<T, Variant>;
  using Word32 = Of<std::uint32_t>;
  using Word64 = Of<std::uint64_t>;

  struct Head {
    struct {
      Word64 latest{Field::latest};
      Word32 superseded{Field::superseded};
    } newest;
    struct {
      Word32 wake{Field::wake};
      Word64 wakes;
    } bell;
    struct Slot {
      Word64 word{Field::word};
    };
    struct Bits : Word64 {
      Bits() : Word64(Field::registered) {}
    };
    std::array<Bits, 1> registered;
    std::array<Bits, 1> limited;
    std::array<Slot, kSlots> slots;
  };
  struct Entry {
    Word64 holds{Field::holds};
    Word64 seen{Field::seen};
    Word64 joined{Field::joined};
    Word64 views;
    Word64 snapshots;
    Word64 missed;
    Word64 retries;
    Word64 torn;
  };
  struct Bell {
    struct {
      Word32 flags{Field::reader_flags};
    } readers;
    struct {
      Word32 wake{Field::release_wake};
      Word32 flags{Field::release_flags};
    } release;
    std::array<Entry, kEntries> entries;

    [[nodiscard]] Entry& entry(std::size_t index) noexcept { return entries.at(index); }
  };

  static void fence(std::memory_order order) noexcept {
    const std::memory_order actual = Variant::fence(self().last, order);
    if (actual != std::memory_order_relaxed && !self().is_dead()) {
      rl::atomic_thread_fence(to_relacy(actual), RL_INFO);
    }
  }
  // One futex word is used per test, so a wake wakes everybody who sleeps.
  static void wake_all(const Word32& /*word*/) noexcept {
    if (!self().is_dead()) {
      for (Actor& actor : actors) {
        actor.is_asleep = false;
      }
    }
  }

  /// FUTEX_WAIT: the kernel compares with what is in memory and falls asleep in one step, under the
  /// lock that FUTEX_WAKE takes. Waking up is no acquire: nothing may rest on that. `gives_up()` is
  /// asked as long as it lasts; it asserts that somebody still has to come by.
  template <class GivesUp>
  static void futex_wait(const Word32& word, std::uint32_t expected, GivesUp&& gives_up) {
    self().is_asleep = word.in_memory() == expected;
    while (self().is_asleep && !gives_up()) {
      rl::ctx().sched();
    }
    self().is_asleep = false;
  }
};

}  // namespace tenure::test
