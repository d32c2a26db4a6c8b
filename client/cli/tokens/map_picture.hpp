// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/cli/text/table.hpp"
#include "client/cli/tokens/token_map.hpp"

namespace tenure::cli {

/// Characters between two labels of the ruler.
inline constexpr std::size_t kCellsPerLabel = 8;

/// A ruler, the picture of `cells` characters (a multiple of kCellsPerLabel), and what its signs
/// mean.
[[nodiscard]] std::string draw_map(const std::vector<MapPiece>& pieces,
                                   std::size_t cells,
                                   const Style& style);

}  // namespace tenure::cli
