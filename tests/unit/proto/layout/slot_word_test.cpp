// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/slot_word.hpp"

#include <cstdint>
#include <initializer_list>

#include <gtest/gtest.h>

namespace tenure::layout {
namespace {

TEST(SlotWord, ZeroIsFree) {
  EXPECT_EQ(SlotWord::unpack(0), (SlotWord{0, Phase::free}));
}

TEST(SlotWord, KeepsVersionAndPhaseAtTheEnds) {
  for (const std::uint64_t version : {std::uint64_t{0}, std::uint64_t{1}, kMaxVersion}) {
    for (const Phase phase :
         {Phase::free, Phase::claimed, Phase::writing, Phase::ready, Phase::poisoned}) {
      const SlotWord word{version, phase};
      EXPECT_EQ(SlotWord::unpack(word.pack()), word);
    }
  }
}

TEST(SlotWord, PacksTheVersionAboveSixBitsOfPhase) {
  EXPECT_EQ((SlotWord{1, Phase::ready}.pack()), 0x43U);
  EXPECT_EQ((SlotWord{kMaxVersion, Phase::poisoned}.pack()), 0xffff'ffff'ffff'ffc4U);
}

TEST(Latest, ZeroIsNothingPublished) {
  EXPECT_EQ(Latest::unpack(0), (Latest{0, 0}));
}

TEST(Latest, KeepsVersionAndSlotAtTheEnds) {
  for (const std::uint64_t version : {std::uint64_t{1}, kMaxVersion}) {
    for (const std::uint32_t slot : {0U, 63U}) {
      const Latest latest{version, slot};
      EXPECT_EQ(Latest::unpack(latest.pack()), latest);
    }
  }
  EXPECT_EQ((Latest{kMaxVersion, 63}.pack()), ~std::uint64_t{0});
}

}  // namespace
}  // namespace tenure::layout
