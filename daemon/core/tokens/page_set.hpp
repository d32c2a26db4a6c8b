// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "daemon/core/tokens/page_range.hpp"

namespace tenure::core {

/// A set of pages, kept as disjoint ranges that do not touch. Threads: a value.
class PageSet {
 public:
  void add(PageRange range);
  void remove(const PageRange& range);
  /// The first pages of `range` that are in the set, as far as they go on.
  [[nodiscard]] std::optional<PageRange> first_in(const PageRange& range) const;
  /// Its ranges that begin at `from` or later, the first `at_most`.
  [[nodiscard]] std::vector<PageRange> list(std::uint64_t from, std::size_t at_most) const;

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // By begin.
};

}  // namespace tenure::core
