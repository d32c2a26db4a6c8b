// SPDX-License-Identifier: Apache-2.0
/// Numbers as people read them, and durations as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenure::cli {

/// "512 B", "37.5 KiB", "23.7 MiB": binary units, one decimal.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// How long something has lasted, at a glance: "0 ms", "12 ms", "2.1 s", "41 s", "5 min", "3 d".
[[nodiscard]] std::string format_age(std::chrono::nanoseconds age);

/// A measured time with three digits: "85.0 ns", "16.7 ms", "2.09 s".
[[nodiscard]] std::string format_interval(std::chrono::nanoseconds interval);

/// "0.37": with as many digits behind the point.
[[nodiscard]] std::string format_number(double value, int digits);

/// What the clock on the wall says, as strftime() puts it.
[[nodiscard]] std::string clock_time(const char* format);

/// Reads "10s", "250ms", "1.5s", "2m", "1h", "20us", "5ns", and "forever" (nanoseconds::max).
/// Nothing where the text is none of these, is negative, or does not fit into nanoseconds.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace tenure::cli
