// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/queue_plan.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace tenure::layout {
namespace {

TEST(QueuePlan, HasMoreCellsThanSlots) {
  for (const auto& [slots, cells] : {std::pair{1U, 2U},
                                     {2U, 4U},
                                     {3U, 4U},
                                     {4U, 8U},
                                     {64U, 128U},
                                     {32'767U, 32'768U},
                                     {65'535U, 65'536U}}) {
    EXPECT_EQ(plan_queue({.slots = slots}).value().capacity.cells, cells) << slots;
  }
}

TEST(QueuePlan, PutsSlotsThenCellsBehindTheFixedPart) {
  const QueuePlan plan = plan_queue({.slots = 3, .lanes = 2}).value();
  EXPECT_EQ(plan.slots_offset_bytes, 3200U);
  EXPECT_EQ(plan.cells_offset_bytes, 3392U);
  EXPECT_EQ(plan.head_bytes, 3392U + 6 * 4 * 8);  // free, parked, two lanes and their again rings
}

TEST(QueuePlan, RefusesWhatIsOutOfRange) {
  for (const QueueShape& shape : {QueueShape{.slots = 0},
                                  {.slots = 65'536},
                                  {.slots = 0xffff'ffff},
                                  {.slots = 1, .lanes = 0},
                                  {.slots = 1, .lanes = 9},
                                  {.slots = 1, .max_deliveries = 128}}) {
    const auto plan = plan_queue(shape);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::bad_request);
  }
  EXPECT_EQ(plan_queue({.slots = 0}).error().detail, "slots: 0; 1 to 65535 are allowed");
}

TEST(QueueShape, ParksAtMostAQuarter) {
  for (const auto& [slots, most] :
       {std::pair{1U, 0U}, {2U, 1U}, {3U, 1U}, {7U, 1U}, {8U, 2U}, {65'535U, 16'383U}}) {
    EXPECT_EQ((QueueShape{.slots = slots}.max_parked()), most) << slots;
  }
}

}  // namespace
}  // namespace tenure::layout
