// SPDX-License-Identifier: Apache-2.0
#include "client/lib/biased_lock.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace tenure::detail {
namespace {

constexpr int kRounds = 20'000;

// What the lock guards: wrong if two threads are ever inside.
struct Guarded {
  BiasedLock lock;
  int count = 0;

  void add() {
    const std::scoped_lock hold(lock);
    ++count;
  }
};

TEST(BiasedLock, OneThreadLocksAndUnlocks) {
  Guarded guarded;
  for (int i = 0; i < kRounds; ++i) {
    guarded.add();
  }
  EXPECT_EQ(guarded.count, kRounds);
}

// Every time another thread comes while the owner is locking as fast as it can.
TEST(BiasedLock, KeepsOthersOutWhileTheBiasIsRevoked) {
  for (int round = 0; round < 50; ++round) {
    Guarded guarded;
    guarded.add();
    std::thread owner([&] {
      for (int i = 0; i < kRounds; ++i) {
        guarded.add();
      }
    });
    for (int i = 0; i < kRounds / 10; ++i) {
      guarded.add();
    }
    owner.join();
    EXPECT_EQ(guarded.count, 1 + kRounds + kRounds / 10);
  }
}

TEST(BiasedLock, ManyThreadsTakeTurns) {
  Guarded guarded;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kRounds; ++j) {
        guarded.add();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(guarded.count, 4 * kRounds);
}

}  // namespace
}  // namespace tenure::detail
