// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/shared_grains.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GrainPlan kPlan{.page_count = 30, .grain_pages = 4};  // The last grain has 2 pages.
constexpr std::uint32_t kUid = 1000;
constexpr std::uint32_t kOtherUid = 2000;

Token token_of(std::uint32_t uid, TokenMode mode, PageRange pages) {
  return {.mode = mode, .pages = pages, .holder = {.session = 1, .uid = uid}};
}

TEST(GrainPlan, LastGrainIsWhatIsLeft) {
  EXPECT_EQ(kPlan.count(), 8U);
  EXPECT_EQ(kPlan.pages_of(6), (PageRange{24, 28}));
  EXPECT_EQ(kPlan.pages_of(7), (PageRange{28, 30}));
}

TEST(GrainPlan, FullLastGrainIsNotCountedTwice) {
  EXPECT_EQ((GrainPlan{.page_count = 32, .grain_pages = 4}.count()), 8U);
}

TEST(GrainPlan, FindsTheGrainsOfPages) {
  EXPECT_EQ(kPlan.grains_of({0, 4}), (PageRange{0, 1}));
  EXPECT_EQ(kPlan.grains_of({3, 5}), (PageRange{0, 2}));
  EXPECT_EQ(kPlan.grains_of({29, 30}), (PageRange{7, 8}));
}

TEST(GrainPlan, WholeGrainsAreNotShared) {
  EXPECT_THAT(kPlan.shared_by({0, 4}), IsEmpty());
  EXPECT_THAT(kPlan.shared_by({4, 20}), IsEmpty());
  EXPECT_THAT(kPlan.shared_by({0, 30}), IsEmpty());
}

TEST(GrainPlan, PartsAtBothEndsAreShared) {
  EXPECT_THAT(kPlan.shared_by({2, 8}), ElementsAre(0));
  EXPECT_THAT(kPlan.shared_by({4, 13}), ElementsAre(3));
  EXPECT_THAT(kPlan.shared_by({3, 17}), ElementsAre(0, 4));
}

TEST(GrainPlan, PartOfOneGrainIsSharedOnce) {
  EXPECT_THAT(kPlan.shared_by({1, 3}), ElementsAre(0));
  EXPECT_THAT(kPlan.shared_by({4, 5}), ElementsAre(1));
  EXPECT_THAT(kPlan.shared_by({7, 8}), ElementsAre(1));
}

TEST(GrainPlan, ShortLastGrainIsWholeWithItsPages) {
  EXPECT_THAT(kPlan.shared_by({28, 30}), IsEmpty());
  EXPECT_THAT(kPlan.shared_by({24, 30}), IsEmpty());
}

TEST(GrainPlan, PartOfAShortLastGrainIsShared) {
  EXPECT_THAT(kPlan.shared_by({28, 29}), ElementsAre(7));
  EXPECT_THAT(kPlan.shared_by({29, 30}), ElementsAre(7));
  EXPECT_THAT(kPlan.shared_by({24, 29}), ElementsAre(7));
}

TEST(SharedGrains, OtherUidIsFoundInTheGrainsThatItHasAPartOf) {
  SharedGrains shared(kPlan);
  shared.add(token_of(kOtherUid, TokenMode::borrow, {6, 10}));
  EXPECT_TRUE(shared.has_other(1, kUid, TokenMode::borrow));
  EXPECT_TRUE(shared.has_other(2, kUid, TokenMode::borrow));
  EXPECT_FALSE(shared.has_other(0, kUid, TokenMode::borrow));
  EXPECT_FALSE(shared.has_other(3, kUid, TokenMode::borrow));
}

TEST(SharedGrains, WholeGrainsAreNotCounted) {
  SharedGrains shared(kPlan);
  shared.add(token_of(kOtherUid, TokenMode::borrow, {4, 9}));
  EXPECT_FALSE(shared.has_other(1, kUid, TokenMode::borrow));
  EXPECT_TRUE(shared.has_other(2, kUid, TokenMode::borrow));
}

TEST(SharedGrains, OneUidIsNoOtherToItself) {
  SharedGrains shared(kPlan);
  shared.add(token_of(kUid, TokenMode::borrow, {0, 2}));
  EXPECT_FALSE(shared.has_other(0, kUid, TokenMode::borrow));
}

TEST(SharedGrains, OnlyBorrowsCountBesideAFreeze) {
  SharedGrains shared(kPlan);
  shared.add(token_of(kOtherUid, TokenMode::freeze, {0, 2}));
  EXPECT_FALSE(shared.has_other(0, kUid, TokenMode::freeze));
  EXPECT_TRUE(shared.has_other(0, kUid, TokenMode::borrow));
  shared.add(token_of(kOtherUid, TokenMode::borrow, {2, 3}));
  EXPECT_TRUE(shared.has_other(0, kUid, TokenMode::freeze));
}

TEST(SharedGrains, AThirdUidIsFoundBehindTheAskers) {
  SharedGrains shared(kPlan);
  shared.add(token_of(kUid, TokenMode::borrow, {0, 1}));
  shared.add(token_of(kOtherUid, TokenMode::borrow, {1, 2}));
  EXPECT_TRUE(shared.has_other(0, kUid, TokenMode::borrow));
  EXPECT_TRUE(shared.has_other(0, kOtherUid, TokenMode::borrow));
}

TEST(SharedGrains, GrainIsSharedUntilTheLastTokenIsGone) {
  SharedGrains shared(kPlan);
  const Token borrow = token_of(kOtherUid, TokenMode::borrow, {0, 1});
  const Token freeze = token_of(kOtherUid, TokenMode::freeze, {1, 2});
  shared.add(borrow);
  shared.add(freeze);
  shared.add(freeze);
  shared.remove(borrow);
  EXPECT_FALSE(shared.has_other(0, kUid, TokenMode::freeze));
  shared.remove(freeze);
  EXPECT_TRUE(shared.has_other(0, kUid, TokenMode::borrow));
  shared.remove(freeze);
  EXPECT_FALSE(shared.has_other(0, kUid, TokenMode::borrow));
}

}  // namespace
}  // namespace tenure::core
