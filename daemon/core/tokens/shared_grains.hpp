// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "daemon/core/tokens/token.hpp"

namespace tenure::core {

/// How a buffer's pages fall into grains: the units in which the kernel protects memory. The last
/// one may be shorter. Threads: a value.
struct GrainPlan {
  std::uint64_t page_count = 0;
  std::uint64_t grain_pages = 1;

  [[nodiscard]] std::uint64_t count() const noexcept {
    return (page_count + grain_pages - 1) / grain_pages;
  }
  [[nodiscard]] PageRange pages_of(std::uint64_t grain) const noexcept {
    return {.begin = grain * grain_pages, .end = std::min((grain + 1) * grain_pages, page_count)};
  }
  /// Grains that `pages`, not empty, lie in: [begin, end).
  [[nodiscard]] PageRange grains_of(const PageRange& pages) const noexcept {
    return {.begin = pages.begin / grain_pages, .end = (pages.end - 1) / grain_pages + 1};
  }
  /// Grains that `pages` lie in without covering them: at most two.
  [[nodiscard]] std::vector<std::uint64_t> shared_by(const PageRange& pages) const;
};

/// Counts, for every grain and uid, the tokens that cover a part of the grain only. Threads: a
/// value.
class SharedGrains {
 public:
  explicit SharedGrains(const GrainPlan& plan) : plan_(plan), grains_(plan.count()) {}

  void add(const Token& token) { count(token, 1); }
  void remove(const Token& token) { count(token, -1); }
  /// Whether another uid has a part of `grain`; beside a freeze only borrows count.
  [[nodiscard]] bool has_other(std::uint64_t grain, std::uint32_t uid, TokenMode beside) const;

 private:
  struct Counts {
    std::int64_t borrows = 0;
    std::int64_t freezes = 0;
  };
  void count(const Token& token, std::int64_t change);

  GrainPlan plan_;
  std::vector<std::map<std::uint32_t, Counts>> grains_;  // By uid.
};

}  // namespace tenure::core
