// SPDX-License-Identifier: Apache-2.0
/// Stands in for proto/layout/std_atomic.hpp where this folder comes first on the include path: the
/// same bytes and operations, with a step before each of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "tests/support/steps/step.hpp"

namespace tenure::layout {

/// Only what the protocols use; another operation would be an atomic's own, without a step, so
/// those are hidden.
template <class T>
class StdAtomic : private std::atomic<T> {
  using Base = std::atomic<T>;

 public:
  using Base::Base;
  using Base::is_always_lock_free;

  [[nodiscard]] T load(std::memory_order order) const noexcept {
    steps::step(steps::Access::load);
    return Base::load(order);
  }
  void store(T value, std::memory_order order) noexcept {
    steps::step(steps::Access::store);
    Base::store(value, order);
  }
  T exchange(T value, std::memory_order order) noexcept {
    steps::step(steps::Access::store);
    return Base::exchange(value, order);
  }
  T fetch_add(T by, std::memory_order order) noexcept {
    steps::step(steps::Access::store);
    return Base::fetch_add(by, order);
  }
  bool compare_exchange_strong(T& expected,
                               T desired,
                               std::memory_order success,
                               std::memory_order failure) noexcept {
    steps::step(steps::Access::store);
    return Base::compare_exchange_strong(expected, desired, success, failure);
  }
};

static_assert(sizeof(StdAtomic<std::uint64_t>) == sizeof(std::atomic<std::uint64_t>));
static_assert(sizeof(StdAtomic<std::uint32_t>) == sizeof(std::atomic<std::uint32_t>));
static_assert(alignof(StdAtomic<std::uint64_t>) == alignof(std::atomic<std::uint64_t>));
static_assert(alignof(StdAtomic<std::uint32_t>) == alignof(std::atomic<std::uint32_t>));
static_assert(std::is_standard_layout_v<StdAtomic<std::uint64_t>>);

}  // namespace tenure::layout
