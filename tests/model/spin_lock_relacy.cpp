// SPDX-License-Identifier: Apache-2.0
// The spin lock between the threads of one process.
#include <gtest/gtest.h>

#include "client/lib/spin_lock.hpp"
#include "tests/model/relacy_search.hpp"

namespace tenure::test {
namespace {

using enum std::memory_order;

constexpr int kThreads = 3;

template <class Variant>
struct Lock {
  template <class T>
  struct Of : Word<T, Variant> {
    explicit Of(T value) : Word<T, Variant>(Field::lock, value) {}
  };
};

template <class Variant>
struct SpinLock : Suite<SpinLock<Variant>, kThreads> {
  detail::BasicSpinLock<Lock<Variant>::template Of> lock;
  rl::var<int> count{0};

  void thread(unsigned /*index*/) {
    lock.lock();
    const int before = count(RL_INFO);
    count(RL_INFO) = before + 1;
    lock.unlock();
  }
  void after() { RL_ASSERT(count(RL_INFO) == kThreads); }
};

TEST(SpinLock, HoldsAsWritten) {
  expect_holds<SpinLock<AsWritten>>();
}
TEST(SpinLock, FailsWithoutTheReleaseOfUnlock) {
  expect_fails<SpinLock<Relaxed<Field::lock, Operation::store, release>>>();
}
TEST(SpinLock, FailsWithoutTheAcquireOfLock) {
  expect_fails<SpinLock<Relaxed<Field::lock, Operation::change, acquire>>>();
}

}  // namespace
}  // namespace tenure::test
