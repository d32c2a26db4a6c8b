// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/queue.hpp"

#include <gtest/gtest.h>

namespace tenure::core {
namespace {

TEST(Queue, OwnersAreTheSmallestThatNobodyHas) {
  Queue queue({}, {});
  EXPECT_EQ(queue.take_owner().value(), 1);
  EXPECT_EQ(queue.take_owner().value(), 2);
  EXPECT_EQ(queue.take_owner().value(), 3);
  queue.return_owner(2);
  queue.return_owner(1);
  EXPECT_EQ(queue.take_owner().value(), 1);
  EXPECT_EQ(queue.take_owner().value(), 2);
  EXPECT_EQ(queue.take_owner().value(), 4);
}

TEST(Queue, OwnersRunOutWithTheNumber) {
  Queue queue({}, {});
  for (int i = 1; i <= 65'535; ++i) {
    ASSERT_EQ(queue.take_owner().value(), i);
  }
  const auto more = queue.take_owner();
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, Errc::too_many);
  EXPECT_EQ(more.error().count, 65'535U);
  queue.return_owner(40'000);
  EXPECT_EQ(queue.take_owner().value(), 40'000);
}

}  // namespace
}  // namespace tenure::core
