// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/regions.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

constexpr std::string_view kUnits = "KMGT";
constexpr unsigned kBitsPerUnit = 10;
constexpr std::string_view kBetween = "..";

}  // namespace

std::string format_size(std::uint64_t bytes) {
  std::string unit;
  for (const char next : kUnits) {
    if (bytes == 0 || bytes % (std::uint64_t{1} << kBitsPerUnit) != 0) {
      break;
    }
    bytes >>= kBitsPerUnit;
    unit = next;
  }
  return std::to_string(bytes) + unit;
}

std::optional<std::uint64_t> read_size(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{}) {
    return std::nullopt;
  }
  std::string_view unit(next, static_cast<std::size_t>(end - next));
  if (unit.empty() || unit == "B") {
    return number;
  }
  const std::size_t power = kUnits.find(unit.front());
  unit.remove_prefix(1);
  if (power == std::string_view::npos || (!unit.empty() && unit != "iB")) {
    return std::nullopt;
  }
  const unsigned bits = kBitsPerUnit * static_cast<unsigned>(power + 1);
  if (number > std::numeric_limits<std::uint64_t>::max() >> bits) {
    return std::nullopt;
  }
  return number << bits;
}

std::string format_grains(std::uint64_t size_bytes, std::uint64_t grain_bytes) {
  const std::uint64_t grains =
      grain_bytes == 0 ? 0 : size_bytes / grain_bytes + (size_bytes % grain_bytes == 0 ? 0 : 1);
  return format_bytes(size_bytes) + " in " + std::to_string(grains) +
         (grains == 1 ? " grain of " : " grains of ") + format_bytes(grain_bytes);
}

std::string format_region(const Region& region) {
  return format_size(region.begin_bytes).append(kBetween) + format_size(region.end_bytes);
}

std::optional<Region> read_region(std::string_view text) {
  const std::size_t at = text.find(kBetween);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const auto begin = read_size(text.substr(0, at));
  const auto end = read_size(text.substr(at + kBetween.size()));
  return begin && end ? std::optional(Region{*begin, *end}) : std::nullopt;
}

}  // namespace tenure::cli
