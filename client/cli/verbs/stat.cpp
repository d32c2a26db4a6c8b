// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <thread>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Counters = std::map<std::string, SegmentStat>;

// A segment that goes between the two questions is left out; one that was named is not.
Counters read_counters(Client& client, const std::string& glob) {
  Counters counters;
  if (!is_glob(glob)) {
    counters.emplace(glob, need_segment(client, glob, client.stat(glob)));
    return counters;
  }
  for (const SegmentInfo& info : need(glob, client.list(glob))) {
    auto stat = client.stat(info.name);
    if (stat) {
      counters.emplace(info.name, *stat);
    } else if (stat.error().code != Errc::not_found) {
      throw Refusal(info.name, stat.error());
    }
  }
  if (counters.empty()) {
    throw no_match(glob);
  }
  return counters;
}

std::string number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string clock_time(std::string_view format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), std::string(format).c_str(), &parts);
  return {text.data(), length};
}

// What was counted since `before`; a segment that was created anew counts from nothing.
SegmentStat since(const SegmentStat& now, const SegmentStat& before) {
  if (now.published < before.published) {
    return now;
  }
  const auto minus = [](std::uint64_t a, std::uint64_t b) { return a < b ? 0 : a - b; };
  SegmentStat out;
  out.published = now.published - before.published;
  out.published_bytes = minus(now.published_bytes, before.published_bytes);
  out.views = minus(now.views, before.views);
  out.snapshots = minus(now.snapshots, before.snapshots);
  out.missed = minus(now.missed, before.missed);
  out.retries = minus(now.retries, before.retries);
  out.torn = minus(now.torn, before.torn);
  out.wakes = minus(now.wakes, before.wakes);
  return out;
}

class Rates {
 public:
  Rates(const Context& context, bool has_names) : context_(context), has_names_(has_names) {}

  void print(const Counters& before, const Counters& now, double seconds) {
    Table table(columns());
    for (const auto& [name, stat] : now) {
      const auto old = before.find(name);
      const SegmentStat change = since(stat, old == before.end() ? SegmentStat{} : old->second);
      if (context_.wants_json()) {
        context_.print_json(json(name, change, seconds));
      } else {
        table.add(row(name, change, seconds));
      }
    }
    if (!context_.wants_json()) {
      context_.print((is_first_ ? table.heading_text(context_.style()) : "") + table.rows_text());
    }
    is_first_ = false;
  }

 private:
  std::vector<Table::Column> columns() const {
    std::vector<Table::Column> out{{"TIME", Align::left, 8}};
    if (has_names_) {
      out.push_back({"NAME", Align::left, 16});
    }
    out.insert(out.end(),
               {{"PUBLISHED/s", Align::right},
                {"GB/s", Align::right, 5},
                {"VIEWS/s", Align::right, 8},
                {"SNAPSHOTS/s", Align::right, 12},
                {"MISSED", Align::right, 7},
                {"RETRIES", Align::right, 8},
                {"TORN", Align::right, 5}});
    return out;
  }

  std::vector<std::string> row(const std::string& name,
                               const SegmentStat& change,
                               double seconds) const {
    const auto rate = [&](std::uint64_t count) {
      return number(static_cast<double>(count) / seconds, 1);
    };
    std::vector<std::string> out{clock_time("%H:%M:%S")};
    if (has_names_) {
      out.push_back(printable(name));
    }
    out.insert(out.end(),
               {rate(change.published),
                number(static_cast<double>(change.published_bytes) / seconds / 1e9, 2),
                rate(change.views),
                rate(change.snapshots),
                std::to_string(change.missed),
                std::to_string(change.retries),
                std::to_string(change.torn)});
    return out;
  }

  static nlohmann::json json(const std::string& name, const SegmentStat& change, double seconds) {
    const auto rate = [&](std::uint64_t count) { return static_cast<double>(count) / seconds; };
    return {{"name", name},
            {"time", clock_time("%FT%T%z")},
            {"seconds", seconds},
            {"published_per_s", rate(change.published)},
            {"bytes_per_s", rate(change.published_bytes)},
            {"views_per_s", rate(change.views)},
            {"snapshots_per_s", rate(change.snapshots)},
            {"missed", change.missed},
            {"retries", change.retries},
            {"torn", change.torn},
            {"wakes", change.wakes}};
  }

  const Context& context_;
  bool has_names_;
  bool is_first_ = true;
};

// Ctrl-C ends it wherever it is, also where a broker that was stopped does not answer: there is
// nothing to put in order first.
int run_rates(const Context& context, Client& client, const StatOptions& options) {
  Rates rates(context, is_glob(options.glob));
  Counters before = read_counters(client, options.glob);
  Clock::time_point asked = Clock::now();
  for (std::uint64_t done = 0; options.count == 0 || done < options.count; ++done) {
    std::this_thread::sleep_until(asked + *options.every);
    Counters now = read_counters(client, options.glob);
    const Clock::time_point then = std::exchange(asked, Clock::now());
    rates.print(before, now, std::chrono::duration<double>(asked - then).count());
    before = std::move(now);
  }
  return 0;
}

void print_totals(const Context& context, const Counters& counters) {
  if (context.wants_json()) {
    nlohmann::json out = {{"segments", nlohmann::json::array()}};
    for (const auto& [name, stat] : counters) {
      out["segments"].push_back(to_json(stat));
      out["segments"].back()["name"] = name;
    }
    context.print_json(out);
    return;
  }
  Table table({{"NAME"},
               {"PUBLISHED", Align::right},
               {"GB", Align::right},
               {"VIEWS", Align::right},
               {"SNAPSHOTS", Align::right},
               {"MISSED", Align::right},
               {"RETRIES", Align::right},
               {"TORN", Align::right}});
  for (const auto& [name, stat] : counters) {
    table.add({printable(name),
               std::to_string(stat.published),
               number(static_cast<double>(stat.published_bytes) / 1e9, 2),
               std::to_string(stat.views),
               std::to_string(stat.snapshots),
               std::to_string(stat.missed),
               std::to_string(stat.retries),
               std::to_string(stat.torn)});
  }
  context.print(table.text(context.style()));
}

}  // namespace

int run_verb(const Context& context, const StatOptions& options) {
  Client client = context.connect();
  if (!is_glob(options.glob)) {
    context.await_name(client, options.glob);
  }
  if (options.every) {
    return run_rates(context, client, options);
  }
  print_totals(context, read_counters(client, options.glob));
  return 0;
}

}  // namespace tenure::cli
