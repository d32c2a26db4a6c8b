// SPDX-License-Identifier: Apache-2.0
/// The memory orders that a relacy test runs with: those of the code, or one of them weakened. A
/// variant names an operation by the field, what is done to it, and the order that is written
/// there, so the code itself needs no hook.
#pragma once

#include <atomic>
#include <cstdint>

namespace tenure::test {

enum class Field : std::uint8_t {
  none,
  word,
  latest,
  superseded,
  wake,
  registered,
  reader_flags,
  release_wake,
  release_flags,
  holds,
  seen,
  joined,
  queue_word,
  cell,
  ring_head,
  ring_tail,
  waiting,  // of a queue: who is counted
  queue_bell,
  ended,
  bytes,    // of a slot, where a snapshot meets them while they change
  lock,     // of a SpinLock
  counter,  // for people: not simulated
};

enum class Operation : std::uint8_t { none, load, store, change };

/// What a thread did last: a fence is named by what it stands behind.
struct Access {
  Field field = Field::none;
  Operation operation = Operation::none;
  friend bool operator==(const Access&, const Access&) = default;
};

/// The real code.
struct AsWritten {
  static std::memory_order order(Access /*access*/, std::memory_order given) noexcept {
    return given;
  }
  static std::memory_order fence(Access /*behind*/, std::memory_order given) noexcept {
    return given;
  }
};

/// The operation on that field which is written with `from` is relaxed.
template <Field kField, Operation kOperation, std::memory_order kFrom, class Base = AsWritten>
struct Relaxed : Base {
  static std::memory_order order(Access access, std::memory_order given) noexcept {
    return access == Access{kField, kOperation} && given == kFrom ? std::memory_order_relaxed
                                                                  : Base::order(access, given);
  }
};

/// The operation on that field which is written with `from` is of the weaker order `to`.
template <Field kField,
          Operation kOperation,
          std::memory_order kFrom,
          std::memory_order kTo,
          class Base = AsWritten>
struct Weaker : Base {
  static std::memory_order order(Access access, std::memory_order given) noexcept {
    return access == Access{kField, kOperation} && given == kFrom ? kTo
                                                                  : Base::order(access, given);
  }
};

/// The full fence behind that access is one of acquire and release only.
template <Field kField, Operation kOperation>
struct HalfFence : AsWritten {
  static std::memory_order fence(Access behind, std::memory_order given) noexcept {
    return behind == Access{kField, kOperation} && given == std::memory_order_seq_cst
               ? std::memory_order_acq_rel
               : given;
  }
};

/// No fence of that order, which is not seq_cst.
template <std::memory_order kOrder>
struct WithoutFence : AsWritten {
  static std::memory_order fence(Access /*behind*/, std::memory_order given) noexcept {
    return given == kOrder ? std::memory_order_relaxed : given;
  }
};

}  // namespace tenure::test
