// SPDX-License-Identifier: Apache-2.0
#include <tenure/wait.hpp>

#include <chrono>
#include <limits>

#include <gtest/gtest.h>

namespace tenure {
namespace {

using namespace std::chrono_literals;

TEST(Timeout, KeepsADuration) {
  EXPECT_EQ(Timeout(3ms).at_most(), 3'000'000ns);
  EXPECT_TRUE(Timeout(1ns).waits());
  EXPECT_FALSE(Timeout(1ns).forever());
}

TEST(Timeout, ZeroAndLessDoNotWait) {
  EXPECT_FALSE(kNoWait.waits());
  EXPECT_EQ(Timeout(-5s).at_most(), 0ns);
  EXPECT_EQ(Timeout(std::chrono::hours::min()).at_most(), 0ns);
}

TEST(Timeout, WhatDoesNotFitIsForever) {
  EXPECT_TRUE(kForever.forever());
  EXPECT_TRUE(Timeout(std::chrono::hours::max()).forever());
  EXPECT_TRUE(Timeout(std::chrono::duration<double>(1e300)).forever());
}

TEST(Timeout, NotANumberDoesNotWait) {
  const std::chrono::duration<double> none(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Timeout(none).at_most(), 0ns);
}

}  // namespace
}  // namespace tenure
