// SPDX-License-Identifier: Apache-2.0
/// What `bench` prints: figures beside their limits, and what could not be measured.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "client/cli/bench/samples.hpp"
#include "client/cli/text/table.hpp"

namespace tenure::cli::bench {

/// One line of the report. Times are in ns, speeds in GB/s, rates in 1/s.
struct Row {
  std::string name;
  std::string unit;
  std::optional<double> limit;
  double ours = 0;
  std::optional<double> limit_p99;
  double ours_p99 = 0;
  std::string target;
  std::size_t samples = 0;

  [[nodiscard]] std::optional<double> ratio() const {
    return limit && *limit > 0 ? std::optional(ours / *limit) : std::nullopt;
  }
};

[[nodiscard]] Row time_row(std::string name, const Pair& pair, std::string target);
/// Of what has no limit to compare it with.
[[nodiscard]] Row time_row(std::string name, const Samples& ours, std::string target);
/// Of times that `size_bytes` took.
[[nodiscard]] Row speed_row(std::string name,
                            const Pair& pair,
                            double size_bytes,
                            std::string target);
/// Of the time of each.
[[nodiscard]] Row rate_row(std::string name, const Pair& pair, std::string target);

/// A row that this build or machine cannot have.
struct NotRun {
  std::string name;
  std::string why;
};

struct Report {
  std::vector<Row> rows;
  std::vector<NotRun> not_run;

  void add(std::vector<Row> more);
};

/// The table, then what was not run.
[[nodiscard]] std::string text_of(const Report& report, const Style& style);
/// {machine, rows, not_run}.
[[nodiscard]] nlohmann::json json_of(const Report& report, const std::string& machine);

}  // namespace tenure::cli::bench
