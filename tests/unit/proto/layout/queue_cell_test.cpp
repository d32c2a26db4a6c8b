// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/queue_cell.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace tenure::layout {
namespace {

TEST(QueueCell, FullKeepsEachFieldAtItsEnds) {
  const FullCell cell{.turn = kTurnMask, .slot = 0xffff, .sequence = (std::uint64_t{1} << 35U) - 1};
  EXPECT_EQ(FullCell::unpack(cell.pack()), cell);
  EXPECT_EQ(cell.pack(), ~std::uint64_t{0});
  EXPECT_EQ((FullCell{.turn = 1, .slot = 2, .sequence = 3}.pack()), 0x8008'0010'0000'0003U);
  EXPECT_TRUE(is_full(FullCell{}.pack()));
}

TEST(QueueCell, EmptyIsItsPosition) {
  EXPECT_EQ(empty_cell(5), 5U);
  EXPECT_FALSE(is_full(empty_cell(~std::uint64_t{0})));
}

TEST(RingCapacity, PositionsWrapByThemselves) {
  for (const std::uint32_t cells : {2U, 4U, 65'536U}) {
    const RingCapacity capacity{cells};
    const std::uint64_t last = ~std::uint64_t{0};
    EXPECT_EQ(capacity.index(last), cells - 1U);
    EXPECT_EQ(capacity.index(last + 1), 0U);
    EXPECT_EQ(capacity.turn(last), kTurnMask);
    EXPECT_EQ(capacity.turn(last + 1), 0U);
    EXPECT_EQ(capacity.turn(cells), 1U);
    EXPECT_EQ(capacity.turn(cells * (kTurnMask + 1)), 0U);
  }
}

}  // namespace
}  // namespace tenure::layout
