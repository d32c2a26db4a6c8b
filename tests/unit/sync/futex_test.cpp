// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/futex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

namespace tenure::sync {
namespace {

using namespace std::chrono_literals;

TEST(Futex, ReturnsAtOnceWhenTheWordDiffers) {
  const FutexWord word{1};
  futex_wait(word, 0, kNever);
}

TEST(Futex, ReturnsAtTheDeadline) {
  const FutexWord word{0};
  const auto deadline = monotonic_now() + 2ms;
  while (monotonic_now() < deadline) {
    futex_wait(word, 0, deadline);
  }
}

TEST(Futex, WakesASleeper) {
  FutexWord word{0};
  std::thread sleeper([&] {
    while (word.load(std::memory_order_acquire) == 0) {
      futex_wait(word, 0, kNever);
    }
  });
  word.store(1, std::memory_order_release);
  futex_wake_all(word);
  sleeper.join();
}

TEST(Futex, AnyOfSeveralWakes) {
  std::array<FutexWord, 3> words{};
  std::array<WaitWord, 3> waits{
      WaitWord{&words[0], 0}, WaitWord{&words[1], 0}, WaitWord{&words[2], 0}};
  if (!futex_wait_any(waits, 0ns)) {
    GTEST_SKIP() << "no futex_waitv here, or it is masked";
  }
  std::thread sleeper([&] {
    while (words[2].load(std::memory_order_acquire) == 0) {
      EXPECT_TRUE(futex_wait_any(waits, kNever));
    }
  });
  words[2].store(1, std::memory_order_release);
  futex_wake_all(words[2]);
  sleeper.join();
}

TEST(Futex, RefusesTooManyWords) {
  const FutexWord word{1};
  const std::vector<WaitWord> waits(kMaxWaitWords + 1, WaitWord{&word, 0});
  EXPECT_FALSE(futex_wait_any(waits, kNever));
}

}  // namespace
}  // namespace tenure::sync
