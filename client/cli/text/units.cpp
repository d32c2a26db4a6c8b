// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

namespace tenure::cli {
namespace {

std::string decimals(double value, int digits, std::string_view unit) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f ", digits, value);
  return std::string(text.data(), static_cast<std::size_t>(length)).append(unit);
}

std::string whole(std::int64_t value, std::string_view unit) {
  return std::to_string(value).append(" ").append(unit);
}

struct Unit {
  std::string_view name;
  double ns;
};

constexpr std::array kDurationUnits{Unit{"ns", 1},
                                    Unit{"us", 1e3},
                                    Unit{"ms", 1e6},
                                    Unit{"s", 1e9},
                                    Unit{"m", 60e9},
                                    Unit{"min", 60e9},
                                    Unit{"h", 3600e9},
                                    Unit{"d", 86400e9}};

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    return std::to_string(bytes) + " B";
  }
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0: the next unit says it better.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return decimals(value, 1, kUnits[unit]);
}

std::string format_age(std::chrono::nanoseconds age) {
  const std::int64_t ns = age.count() < 0 ? 0 : age.count();
  const auto seconds = static_cast<double>(ns) / 1e9;
  if (ns < 1'000'000'000) {
    return whole(ns / 1'000'000, "ms");
  }
  if (seconds < 9.95) {
    return decimals(seconds, 1, "s");
  }
  if (seconds < 120) {
    return whole(static_cast<std::int64_t>(seconds), "s");
  }
  if (seconds < 7200) {
    return whole(static_cast<std::int64_t>(seconds / 60), "min");
  }
  if (seconds < 2 * 86400) {
    return whole(static_cast<std::int64_t>(seconds / 3600), "h");
  }
  return whole(static_cast<std::int64_t>(seconds / 86400), "d");
}

std::string format_interval(std::chrono::nanoseconds interval) {
  constexpr std::array<std::string_view, 4> kUnits{"ns", "us", "ms", "s"};
  auto value = static_cast<double>(interval.count());
  std::size_t unit = 0;
  while (std::fabs(value) >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  const double size = std::fabs(value);
  const int digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return decimals(value, digits, kUnits[unit]);
}

std::string format_number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string clock_time(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  using std::chrono::nanoseconds;
  if (text == "forever") {
    return nanoseconds::max();
  }
  double value = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failed != std::errc{} || !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty()) {
    return value == 0 ? std::optional(nanoseconds::zero()) : std::nullopt;
  }
  for (const Unit& known : kDurationUnits) {
    if (unit != known.name) {
      continue;
    }
    const double ns = value * known.ns;
    constexpr auto kLimit = static_cast<double>(std::numeric_limits<std::int64_t>::max());
    return ns < kLimit ? std::optional(nanoseconds(std::llround(ns))) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tenure::cli
