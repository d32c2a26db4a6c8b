// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/near_name.hpp"

#include <algorithm>
#include <vector>

namespace tenure::core {

std::size_t distance(std::string_view a, std::string_view b, std::size_t at_most) {
  const std::size_t too_far = at_most + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > at_most) {
    return too_far;
  }
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1, too_far);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = std::min(j, too_far);
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::ranges::fill(row, too_far);
    row[0] = std::min(i, too_far);
    // Cells further than `at_most` from the diagonal cannot lie on a short enough path.
    const std::size_t first = i > at_most ? i - at_most : 1;
    const std::size_t last = std::min(b.size(), i + at_most);
    for (std::size_t j = std::max<std::size_t>(first, 1); j <= last; ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({changed, above[j] + 1, row[j - 1] + 1, too_far});
    }
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace tenure::core
