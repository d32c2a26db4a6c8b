// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/core/tokens/page_range.hpp"

namespace tenure::core {

/// Page ranges that may overlap, each with a number of its own; finds those that meet a given
/// range.
///
/// An AVL tree in the order of (begin, number) whose nodes know the largest end and the least
/// number below them (the augmented tree of Cormen, Leiserson, Rivest, Stein: Introduction to
/// Algorithms, "Interval trees"). insert, erase and first_overlap of any number: O(log n). Threads:
/// a value.
class RangeTree {
 public:
  struct Item {
    PageRange range;
    std::uint64_t number = 0;
  };
  static constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

  RangeTree() noexcept;
  RangeTree(RangeTree&& other) noexcept;
  RangeTree& operator=(RangeTree&& other) noexcept;
  ~RangeTree();

  [[nodiscard]] bool is_empty() const noexcept { return root_ == nullptr; }
  void insert(const Item& item);
  /// One that is equal in begin and number; must be in the tree.
  void erase(const Item& item);

  /// The first item, by begin, that overlaps `range` and whose number is below `below`.
  [[nodiscard]] std::optional<Item> first_overlap(const PageRange& range,
                                                  std::uint64_t below = kAnyNumber) const noexcept;
  /// All items that overlap `range`, in the order of their begin. O(log n) each.
  [[nodiscard]] std::vector<Item> overlaps(const PageRange& range) const;
  /// The first item at or after `from` in the order of (begin, number).
  [[nodiscard]] std::optional<Item> at_or_after(const Item& from) const noexcept;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace tenure::core
