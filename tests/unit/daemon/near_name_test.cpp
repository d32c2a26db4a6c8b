// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/near_name.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace tenure::core {
namespace {

// The whole table, without a bound.
std::size_t plain_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cells(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cells[i][j] = i + j;
        continue;
      }
      const std::size_t changed = cells[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cells[i][j] = std::min({changed, cells[i - 1][j] + 1, cells[i][j - 1] + 1});
    }
  }
  return cells[a.size()][b.size()];
}

TEST(NearName, AgreesWithTheWholeTable) {
  std::mt19937 random(20261124);
  for (int round = 0; round < 2000; ++round) {
    const auto word = [&] {
      std::string text(random() % 9, 'a');
      std::ranges::for_each(text, [&](char& letter) { letter = "abc"[random() % 3]; });
      return text;
    };
    const std::string a = word();
    const std::string b = word();
    const std::size_t bound = random() % 5;
    EXPECT_EQ(distance(a, b, bound), std::min(plain_distance(a, b), bound + 1))
        << a << " " << b << " " << bound;
  }
}

}  // namespace
}  // namespace tenure::core
