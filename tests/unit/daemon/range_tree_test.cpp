// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/range_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/seed.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Item = RangeTree::Item;

constexpr PageRange kAll{.begin = 0, .end = RangeTree::kAnyNumber};

RangeTree tree_of(std::initializer_list<Item> items) {
  RangeTree tree;
  for (const Item& item : items) {
    tree.insert(item);
  }
  return tree;
}

std::vector<std::uint64_t> numbers_of(const std::vector<Item>& items) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(items.size());
  for (const Item& item : items) {
    numbers.push_back(item.number);
  }
  return numbers;
}

// 0: there is none.
std::uint64_t number_of(const std::optional<Item>& item) {
  return item ? item->number : 0;
}

bool is_before(const Item& a, const Item& b) {
  return std::pair(a.range.begin, a.number) < std::pair(b.range.begin, b.number);
}

// The same answers by looking at every item.
class NaiveTree {
 public:
  void insert(const Item& item) {
    items_.insert(std::ranges::upper_bound(items_, item, is_before), item);
  }
  void erase_at(std::size_t index) {
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  [[nodiscard]] std::vector<Item> overlaps(const PageRange& range, std::uint64_t below) const {
    std::vector<Item> found;
    for (const Item& item : items_) {
      if (item.range.overlaps(range) && item.number < below) {
        found.push_back(item);
      }
    }
    return found;
  }
  [[nodiscard]] std::uint64_t at_or_after(const Item& from) const {
    const auto found = std::ranges::lower_bound(items_, from, is_before);
    return found == items_.end() ? 0 : found->number;
  }
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

TEST(RangeTree, IsEmptyUntilSomethingIsInIt) {
  RangeTree tree;
  EXPECT_TRUE(tree.is_empty());
  EXPECT_EQ(tree.first_overlap(kAll), std::nullopt);
  EXPECT_THAT(tree.overlaps(kAll), IsEmpty());
  tree.insert({.range = {0, 4}, .number = 1});
  EXPECT_FALSE(tree.is_empty());
  tree.erase({.range = {0, 4}, .number = 1});
  EXPECT_TRUE(tree.is_empty());
}

TEST(RangeTree, FirstOverlapIsTheFirstByBegin) {
  const RangeTree tree = tree_of({{{8, 12}, 1}, {{2, 20}, 2}, {{4, 6}, 3}, {{10, 11}, 4}});
  EXPECT_EQ(number_of(tree.first_overlap({10, 11})), 2U);
  EXPECT_EQ(number_of(tree.first_overlap({5, 9})), 2U);
  EXPECT_EQ(number_of(tree.first_overlap({0, 3})), 2U);
}

TEST(RangeTree, FirstOverlapLooksPastThoseThatEndEarly) {
  const RangeTree tree = tree_of({{{0, 2}, 1}, {{1, 3}, 2}, {{2, 4}, 3}, {{3, 9}, 4}, {{5, 6}, 5}});
  EXPECT_EQ(number_of(tree.first_overlap({4, 6})), 4U);
}

TEST(RangeTree, NeighboursDoNotOverlap) {
  const RangeTree tree = tree_of({{{4, 8}, 1}});
  EXPECT_EQ(tree.first_overlap({0, 4}), std::nullopt);
  EXPECT_EQ(tree.first_overlap({8, 12}), std::nullopt);
  EXPECT_EQ(number_of(tree.first_overlap({7, 12})), 1U);
}

TEST(RangeTree, FirstOverlapOfOneBeginIsTheLeastNumber) {
  const RangeTree tree = tree_of({{{4, 8}, 7}, {{4, 8}, 3}, {{4, 5}, 5}});
  EXPECT_EQ(number_of(tree.first_overlap({4, 8})), 3U);
}

TEST(RangeTree, BelowLeavesOutThatNumberAndAllGreaterOnes) {
  const RangeTree tree = tree_of({{{0, 8}, 9}, {{1, 8}, 5}, {{2, 8}, 7}, {{3, 8}, 2}});
  EXPECT_EQ(number_of(tree.first_overlap({0, 8}, 9)), 5U);
  EXPECT_EQ(number_of(tree.first_overlap({0, 8}, 5)), 2U);
  EXPECT_EQ(number_of(tree.first_overlap({0, 8}, 3)), 2U);
  EXPECT_EQ(tree.first_overlap({0, 8}, 2), std::nullopt);
}

TEST(RangeTree, BelowFindsOnlyWhatOverlaps) {
  const RangeTree tree = tree_of({{{0, 8}, 9}, {{20, 28}, 1}});
  EXPECT_EQ(tree.first_overlap({0, 8}, 5), std::nullopt);
}

TEST(RangeTree, OverlapsAreInTheOrderOfTheirBegin) {
  const RangeTree tree = tree_of(
      {{{8, 12}, 1}, {{2, 20}, 2}, {{4, 6}, 3}, {{10, 11}, 4}, {{2, 10}, 6}, {{14, 16}, 5}});
  EXPECT_THAT(numbers_of(tree.overlaps({9, 14})), ElementsAre(2, 6, 1, 4));
  EXPECT_THAT(numbers_of(tree.overlaps(kAll)), ElementsAre(2, 6, 3, 1, 4, 5));
}

TEST(RangeTree, EraseTakesTheOneWithThatNumber) {
  RangeTree tree = tree_of({{{4, 8}, 1}, {{4, 8}, 2}, {{4, 8}, 3}});
  tree.erase({.range = {4, 8}, .number = 2});
  EXPECT_THAT(numbers_of(tree.overlaps(kAll)), ElementsAre(1, 3));
}

TEST(RangeTree, ErasedRangesAreNotFound) {
  RangeTree tree = tree_of({{{0, 100}, 1}, {{4, 8}, 2}, {{6, 10}, 3}});
  tree.erase({.range = {0, 100}, .number = 1});
  EXPECT_EQ(tree.first_overlap({20, 30}), std::nullopt);
  EXPECT_EQ(number_of(tree.first_overlap({9, 30})), 3U);
}

TEST(RangeTree, AtOrAfterGoesByBeginThenNumber) {
  const RangeTree tree = tree_of({{{4, 8}, 2}, {{4, 6}, 5}, {{9, 10}, 1}});
  const auto next = [&](std::uint64_t begin, std::uint64_t number) {
    return number_of(tree.at_or_after({.range = {.begin = begin}, .number = number}));
  };
  EXPECT_EQ(next(0, 0), 2U);
  EXPECT_EQ(next(4, 2), 2U) << "at";
  EXPECT_EQ(next(4, 3), 5U);
  EXPECT_EQ(next(4, 6), 1U);
  EXPECT_EQ(next(9, 2), 0U);
}

TEST(RangeTree, MovingTakesEverythingAlong) {
  RangeTree from = tree_of({{{4, 8}, 1}});
  const RangeTree to = std::move(from);
  EXPECT_EQ(number_of(to.first_overlap(kAll)), 1U);
}

TEST(RangeTree, AgreesWithAListOfRanges) {
  std::mt19937_64 random(test::random_seed());
  const auto any_range = [&] {
    const std::uint64_t begin = random() % 60;
    return PageRange{.begin = begin, .end = begin + 1 + random() % (random() % 4 == 0 ? 40 : 5)};
  };
  RangeTree tree;
  NaiveTree naive;
  for (std::uint64_t operation = 1; operation <= 30'000; ++operation) {
    // Grows to some eighty ranges and shrinks to none, again and again.
    const bool is_growing = operation / 400 % 2 == 0;
    if (naive.items().empty() || random() % 10 < (is_growing ? 6U : 4U)) {
      const Item item{.range = any_range(), .number = random() % 1'000'000 * 100'000 + operation};
      tree.insert(item);
      naive.insert(item);
    } else {
      const std::size_t index = random() % naive.items().size();
      tree.erase(naive.items().at(index));
      naive.erase_at(index);
    }
    const std::string where = "operation " + std::to_string(operation);
    const PageRange range = any_range();
    const std::uint64_t below = random() % 100'000'000'000;
    ASSERT_EQ(tree.is_empty(), naive.items().empty()) << where;
    ASSERT_EQ(numbers_of(tree.overlaps(range)),
              numbers_of(naive.overlaps(range, RangeTree::kAnyNumber)))
        << where;
    const auto expected = naive.overlaps(range, below);
    ASSERT_EQ(number_of(tree.first_overlap(range, below)),
              expected.empty() ? 0 : expected.front().number)
        << where;
    const Item from{.range = range, .number = below};
    ASSERT_EQ(number_of(tree.at_or_after(from)), naive.at_or_after(from)) << where;
  }
}

// As a list, a tree of so many would take minutes, or the whole stack.
class RangeTreeOfManySorted : public ::testing::TestWithParam<bool> {};

TEST_P(RangeTreeOfManySorted, DoesNotDegenerate) {
  constexpr std::uint64_t kMany = 100'000;
  const auto item = [](std::uint64_t i) {
    const std::uint64_t number = GetParam() ? kMany - i : i + 1;
    return Item{.range = {.begin = number * 2, .end = number * 2 + 1}, .number = number};
  };
  RangeTree tree;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    tree.insert(item(i));
  }
  for (std::uint64_t number = 1; number <= kMany; ++number) {
    ASSERT_EQ(number_of(tree.first_overlap({number * 2, kMany * 3})), number);
    ASSERT_EQ(tree.first_overlap({number * 2 + 1, number * 2 + 2}), std::nullopt);
    ASSERT_EQ(tree.first_overlap(kAll, 1), std::nullopt);
  }
  for (std::uint64_t i = 0; i + 1 < kMany; ++i) {
    tree.erase(item(i));
  }
  EXPECT_EQ(number_of(tree.first_overlap(kAll)), item(kMany - 1).number);
}

INSTANTIATE_TEST_SUITE_P(UpAndDown, RangeTreeOfManySorted, ::testing::Bool());

}  // namespace
}  // namespace tenure::core
