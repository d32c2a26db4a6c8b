// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/shared_grains.hpp"

#include <algorithm>

namespace tenure::core {

std::vector<std::uint64_t> GrainPlan::shared_by(const PageRange& pages) const {
  std::vector<std::uint64_t> shared;
  const PageRange grains = grains_of(pages);
  if (!pages.contains(pages_of(grains.begin))) {
    shared.push_back(grains.begin);
  }
  const std::uint64_t last = grains.end - 1;
  if (last != grains.begin && !pages.contains(pages_of(last))) {
    shared.push_back(last);
  }
  return shared;
}

void SharedGrains::count(const Token& token, std::int64_t change) {
  for (const std::uint64_t grain : plan_.shared_by(token.pages)) {
    auto& uids = grains_[grain];
    const auto found = uids.try_emplace(token.holder.uid).first;
    Counts& counts = found->second;
    (token.mode == TokenMode::borrow ? counts.borrows : counts.freezes) += change;
    if (counts.borrows == 0 && counts.freezes == 0) {
      uids.erase(found);
    }
  }
}

bool SharedGrains::has_other(std::uint64_t grain, std::uint32_t uid, TokenMode beside) const {
  return std::ranges::any_of(grains_[grain], [&](const auto& entry) {
    const auto& [other, counts] = entry;
    return other != uid && (beside == TokenMode::borrow || counts.borrows != 0);
  });
}

}  // namespace tenure::core
