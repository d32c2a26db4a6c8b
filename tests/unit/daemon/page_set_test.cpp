// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/page_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "tests/support/seed.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PageRange kAll{.begin = 0, .end = 100};

std::vector<PageRange> ranges_of(const PageSet& set) {
  std::vector<PageRange> ranges;
  for (auto next = set.first_in(kAll); next;
       next = set.first_in({.begin = next->end, .end = kAll.end})) {
    ranges.push_back(*next);
  }
  return ranges;
}

PageSet set_of(std::initializer_list<PageRange> ranges) {
  PageSet set;
  for (const PageRange& range : ranges) {
    set.add(range);
  }
  return set;
}

TEST(PageSet, IsEmptyAtFirst) {
  EXPECT_EQ(PageSet().first_in(kAll), std::nullopt);
}

TEST(PageSet, FindsTheFirstPagesOfSeveral) {
  const PageSet set = set_of({{20, 30}, {4, 8}, {10, 12}});
  EXPECT_EQ(set.first_in({9, 100}), (PageRange{10, 12}));
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{4, 8}, PageRange{10, 12}, PageRange{20, 30}));
}

TEST(PageSet, ListsItsRangesInParts) {
  const PageSet set = set_of({{20, 30}, {4, 8}, {10, 12}});
  EXPECT_THAT(set.list(0, 2), ElementsAre(PageRange{4, 8}, PageRange{10, 12}));
  EXPECT_THAT(set.list(12, 2), ElementsAre(PageRange{20, 30}));
  EXPECT_EQ(set.list(0, 9).size(), 3U);
  EXPECT_TRUE(set.list(0, 0).empty());
}

TEST(PageSet, FindsOnlyWhatIsAskedFor) {
  const PageSet set = set_of({{10, 20}});
  EXPECT_EQ(set.first_in({0, 15}), (PageRange{10, 15}));
  EXPECT_EQ(set.first_in({15, 40}), (PageRange{15, 20}));
  EXPECT_EQ(set.first_in({12, 14}), (PageRange{12, 14}));
}

TEST(PageSet, NeighboursAreNotFound) {
  const PageSet set = set_of({{10, 20}});
  EXPECT_EQ(set.first_in({0, 10}), std::nullopt);
  EXPECT_EQ(set.first_in({20, 30}), std::nullopt);
}

TEST(PageSet, NothingIsFoundInNoPages) {
  const PageSet set = set_of({{10, 20}});
  EXPECT_EQ(set.first_in({15, 15}), std::nullopt);
  EXPECT_EQ(set.first_in({16, 15}), std::nullopt);
}

TEST(PageSet, OverlappingRangesBecomeOne) {
  EXPECT_THAT(ranges_of(set_of({{10, 20}, {15, 30}})), ElementsAre(PageRange{10, 30}));
  EXPECT_THAT(ranges_of(set_of({{10, 20}, {5, 15}})), ElementsAre(PageRange{5, 20}));
}

TEST(PageSet, TouchingRangesBecomeOne) {
  EXPECT_THAT(ranges_of(set_of({{10, 20}, {20, 30}})), ElementsAre(PageRange{10, 30}));
  EXPECT_THAT(ranges_of(set_of({{20, 30}, {10, 20}})), ElementsAre(PageRange{10, 30}));
  EXPECT_THAT(ranges_of(set_of({{10, 12}, {14, 16}, {12, 14}})), ElementsAre(PageRange{10, 16}));
}

TEST(PageSet, LargeRangeTakesInAllThatItCovers) {
  EXPECT_THAT(ranges_of(set_of({{10, 12}, {14, 16}, {18, 22}, {30, 32}, {9, 20}})),
              ElementsAre(PageRange{9, 22}, PageRange{30, 32}));
}

TEST(PageSet, AddingWhatIsThereChangesNothing) {
  EXPECT_THAT(ranges_of(set_of({{10, 20}, {12, 14}, {10, 20}})), ElementsAre(PageRange{10, 20}));
}

TEST(PageSet, NoPagesAddAndRemoveNothing) {
  PageSet set = set_of({{10, 20}, {40, 40}, {50, 45}});
  set.remove({15, 15});
  set.remove({16, 15});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{10, 20}));
}

TEST(PageSet, RemovingTheMiddleLeavesBothEnds) {
  PageSet set = set_of({{10, 20}});
  set.remove({13, 15});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{10, 13}, PageRange{15, 20}));
}

TEST(PageSet, RemovingAnEndLeavesTheRest) {
  PageSet set = set_of({{10, 20}});
  set.remove({5, 12});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{12, 20}));
  set.remove({18, 25});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{12, 18}));
}

TEST(PageSet, RemovesFromAllThatItMeets) {
  PageSet set = set_of({{10, 20}, {30, 40}, {50, 60}});
  set.remove({15, 55});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{10, 15}, PageRange{55, 60}));
  set.remove(kAll);
  EXPECT_THAT(ranges_of(set), IsEmpty());
}

TEST(PageSet, RemovingNeighboursChangesNothing) {
  PageSet set = set_of({{10, 20}});
  set.remove({0, 10});
  set.remove({20, 30});
  EXPECT_THAT(ranges_of(set), ElementsAre(PageRange{10, 20}));
}

TEST(PageSet, AgreesWithAFlagForEachPage) {
  std::mt19937_64 random(test::random_seed());
  std::array<bool, 40> flags{};
  PageSet set;
  for (int operation = 0; operation < 20'000; ++operation) {
    const std::uint64_t begin = random() % flags.size();
    const std::uint64_t end = begin + random() % (flags.size() - begin + 1);
    const bool is_added = random() % 2 == 0;
    is_added ? set.add({begin, end}) : set.remove({begin, end});
    for (std::uint64_t page = begin; page < end; ++page) {
      flags.at(page) = is_added;
    }
    for (std::uint64_t page = 0; page < flags.size(); ++page) {
      ASSERT_EQ(set.first_in({page, page + 1}).has_value(), flags.at(page))
          << "page " << page << ", operation " << operation;
    }
  }
}

}  // namespace
}  // namespace tenure::core
