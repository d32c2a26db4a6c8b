// SPDX-License-Identifier: Apache-2.0
/// What `stat` counts of each kind of segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <tenure/client.hpp>

namespace tenure::cli {

/// One counter.
struct Figure {
  /// How it is shown: per second where there are intervals, as the sum it is, or as 10^9 bytes.
  enum class As : std::uint8_t { rate, sum, gigabytes };

  const char* title;  ///< Of its column; nullptr: in JSON only.
  const char* json;   ///< Its member; of rates with "_per_s" behind it.
  std::uint64_t SegmentStat::* counter;
  As as;
  std::size_t width;  ///< Of its column, for rows that are printed one by one.
};

/// Every figure that there is of a kind, in the order of the columns.
[[nodiscard]] std::span<const Figure> figures_of(Kind kind) noexcept;

}  // namespace tenure::cli
