// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/near_name.hpp"

#include <algorithm>
#include <vector>

namespace tenure::core {

// The usual table, of which only the cells within `at_most` of the diagonal are filled: no other
// one lies on a path that is short enough. Cell (i, j) of row i stands at j - i + at_most + 1, with
// one cell that is too far on either side.
std::size_t distance(std::string_view a, std::string_view b, std::size_t at_most) {
  const std::size_t too_far = at_most + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > at_most) {
    return too_far;
  }
  std::vector<std::size_t> row(2 * at_most + 3, too_far);
  for (std::size_t j = 0; j <= std::min(b.size(), at_most); ++j) {
    row[j + too_far] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t least = too_far;
    // Ascending, in place: row[at] still is the cell above and to the left, row[at + 1] the one
    // above.
    for (std::size_t at = 1; at <= 2 * at_most + 1; ++at) {
      const std::size_t j = at + i - too_far;  // Wraps around where it is below zero.
      if (j > b.size()) {
        row[at] = too_far;
        continue;
      }
      const std::size_t dropped = row[at + 1] + 1;
      const std::size_t inserted = row[at - 1] + 1;
      const std::size_t changed = j == 0 ? dropped : row[at] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[at] = std::min({changed, dropped, inserted, too_far});
      least = std::min(least, row[at]);
    }
    if (least == too_far) {
      return too_far;
    }
  }
  return row[b.size() + too_far - a.size()];
}

}  // namespace tenure::core
