// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/report.hpp"

#include <array>
#include <cstdio>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace tenure::cli::bench {
namespace {

std::string number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

nlohmann::json to_json(const Row& row) {
  const auto optional = [](const std::optional<double>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  return {{"name", row.name},
          {"unit", row.unit},
          {"limit", optional(row.limit)},
          {"ours", row.ours},
          {"ratio", optional(row.ratio())},
          {"target", row.target},
          {"limit_p99", optional(row.limit_p99)},
          {"ours_p99", row.ours_p99},
          {"samples", row.samples}};
}

std::string table_of(const std::vector<Row>& rows, const Style& style) {
  Table table({{"MEASURED"},
               {"LIMIT", Align::right},
               {"OURS", Align::right},
               {"UNIT"},
               {"RATIO", Align::right},
               {"TARGET", Align::right},
               {"LIMIT P99", Align::right},
               {"OURS P99", Align::right}});
  for (const Row& row : rows) {
    const auto optional = [](const std::optional<double>& value, int digits) {
      return value ? number(*value, digits) : "-";
    };
    table.add({row.name,
               optional(row.limit, 1),
               number(row.ours, 1),
               row.unit,
               optional(row.ratio(), 2),
               row.target,
               optional(row.limit_p99, 1),
               number(row.ours_p99, 1)});
  }
  return table.text(style);
}

}  // namespace

Row time_row(std::string name, const Pair& pair, std::string target) {
  return {.name = std::move(name),
          .unit = "ns",
          .limit = pair.limit.median(),
          .ours = pair.ours.median(),
          .limit_p99 = pair.limit.p99(),
          .ours_p99 = pair.ours.p99(),
          .target = std::move(target),
          .samples = pair.ours.count()};
}

Row time_row(std::string name, const Samples& ours, std::string target) {
  return {.name = std::move(name),
          .unit = "ns",
          .limit = {},
          .ours = ours.median(),
          .limit_p99 = {},
          .ours_p99 = ours.p99(),
          .target = std::move(target),
          .samples = ours.count()};
}

// Bytes per nanosecond are GB/s; a slow copy stands at the other end.
Row speed_row(std::string name, const Pair& pair, double size_bytes, std::string target) {
  Row row = time_row(std::move(name), pair, std::move(target));
  row.unit = "GB/s";
  row.limit = size_bytes / pair.limit.median();
  row.ours = size_bytes / pair.ours.median();
  row.limit_p99 = size_bytes / pair.limit.p99();
  row.ours_p99 = size_bytes / pair.ours.p99();
  return row;
}

Row rate_row(std::string name, const Pair& pair, std::string target) {
  constexpr double kNsPerSecond = 1e9;
  Row row = speed_row(std::move(name), pair, kNsPerSecond, std::move(target));
  row.unit = "1/s";
  return row;
}

void Report::add(std::vector<Row> more) {
  rows.insert(
      rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string text_of(const Report& report, const Style& style) {
  std::string text = table_of(report.rows, style);
  for (const NotRun& row : report.not_run) {
    text += "not run: " + row.name + ": " + row.why + "\n";
  }
  return text;
}

nlohmann::json json_of(const Report& report, const std::string& machine) {
  nlohmann::json out = {{"machine", machine},
                        {"rows", nlohmann::json::array()},
                        {"not_run", nlohmann::json::array()}};
  for (const Row& row : report.rows) {
    out["rows"].push_back(to_json(row));
  }
  for (const NotRun& row : report.not_run) {
    out["not_run"].push_back({{"name", row.name}, {"why", row.why}});
  }
  return out;
}

}  // namespace tenure::cli::bench
