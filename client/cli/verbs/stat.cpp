// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <thread>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/figures.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Counted {
  Kind kind = Kind::topic;
  SegmentStat stat = {};
};
using Counters = std::map<std::string, Counted>;

// A segment that goes between the two questions is left out; one that was named is not.
Counters read_counters(Client& client, const std::string& glob) {
  Counters counters;
  if (!is_glob(glob)) {
    const Kind kind = need_segment(client, glob, client.inspect(glob)).kind;
    counters[glob] = {.kind = kind, .stat = need_segment(client, glob, client.stat(glob))};
    return counters;
  }
  for (const SegmentInfo& info : need(glob, client.list(glob))) {
    auto stat = client.stat(info.name);
    if (stat) {
      counters[info.name] = {.kind = info.kind, .stat = *stat};
    } else if (stat.error().code != Errc::not_found) {
      throw Refusal(info.name, stat.error());
    }
  }
  if (counters.empty()) {
    throw no_match(glob);
  }
  return counters;
}

// The kinds that there are, in the order of their tables.
std::vector<Kind> kinds_of(const Counters& counters) {
  std::vector<Kind> kinds;
  for (const Kind kind : {Kind::topic, Kind::queue, Kind::buffer}) {
    if (std::ranges::any_of(counters, [&](const auto& one) { return one.second.kind == kind; })) {
      kinds.push_back(kind);
    }
  }
  return kinds;
}

// What was counted since `before`; a segment that was created anew counts from nothing.
SegmentStat since(const Counted& now, const SegmentStat& before) {
  const auto figures = figures_of(now.kind);
  if (now.stat.*figures.front().counter < before.*figures.front().counter) {
    return now.stat;
  }
  SegmentStat out;
  for (const Figure& figure : figures) {
    const std::uint64_t a = now.stat.*figure.counter;
    const std::uint64_t b = before.*figure.counter;
    out.*figure.counter = a < b ? 0 : a - b;
  }
  return out;
}

// A row of `seconds`, or of all that there was.
std::string cell(const Figure& figure, const SegmentStat& stat, std::optional<double> seconds) {
  const std::uint64_t count = stat.*figure.counter;
  constexpr double kGiga = 1e9;
  switch (figure.as) {
    case Figure::As::rate:
      return seconds ? format_number(static_cast<double>(count) / *seconds, 1)
                     : std::to_string(count);
    case Figure::As::gigabytes:
      return format_number(static_cast<double>(count) / kGiga / seconds.value_or(1), 2);
    case Figure::As::sum:
      return std::to_string(count);
  }
  return "";
}

void add_cells(std::vector<std::string>& row,
               const Counted& counted,
               const SegmentStat& stat,
               std::optional<double> seconds) {
  for (const Figure& figure : figures_of(counted.kind)) {
    if (figure.title != nullptr) {
      row.push_back(cell(figure, stat, seconds));
    }
  }
}

class Rates {
 public:
  Rates(const Context& context, bool has_names) : context_(context), has_names_(has_names) {}

  void print(const Counters& before, const Counters& now, double seconds) {
    const std::vector<Kind> kinds = kinds_of(now);
    for (const Kind kind : kinds) {
      Table table(columns(kind));
      for (const auto& [name, counted] : now) {
        const auto old = before.find(name);
        if (counted.kind == kind) {
          print(table,
                name,
                counted,
                since(counted, old == before.end() ? SegmentStat{} : old->second.stat),
                seconds);
        }
      }
      if (!context_.wants_json()) {
        context_.print((is_first_ || kinds.size() > 1 ? table.heading_text(context_.style()) : "") +
                       table.rows_text());
      }
    }
    is_first_ = false;
  }

 private:
  void print(Table& table,
             const std::string& name,
             const Counted& counted,
             const SegmentStat& change,
             double seconds) const {
    if (context_.wants_json()) {
      context_.print_json(json(name, counted.kind, change, seconds));
      return;
    }
    std::vector<std::string> row{clock_time("%H:%M:%S")};
    if (has_names_) {
      row.push_back(printable(name));
    }
    add_cells(row, counted, change, seconds);
    table.add(std::move(row));
  }

  std::vector<Table::Column> columns(Kind kind) const {
    std::vector<Table::Column> out{{"TIME", Align::left, 8}};
    if (has_names_) {
      out.push_back({"NAME", Align::left, 16});
    }
    for (const Figure& figure : figures_of(kind)) {
      if (figure.title != nullptr) {
        const bool is_rate = figure.as != Figure::As::sum;
        out.push_back(
            {figure.title + std::string(is_rate ? "/s" : ""), Align::right, figure.width});
      }
    }
    return out;
  }

  static nlohmann::json json(const std::string& name,
                             Kind kind,
                             const SegmentStat& change,
                             double seconds) {
    nlohmann::json out = {{"name", name}, {"time", clock_time("%FT%T%z")}, {"seconds", seconds}};
    for (const Figure& figure : figures_of(kind)) {
      const std::uint64_t count = change.*figure.counter;
      if (figure.as == Figure::As::sum) {
        out[figure.json] = count;
      } else {
        out[figure.json + std::string("_per_s")] = static_cast<double>(count) / seconds;
      }
    }
    return out;
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

nlohmann::json total_json(const std::string& name, const Counted& counted) {
  nlohmann::json out = {{"name", name}};
  for (const Figure& figure : figures_of(counted.kind)) {
    const bool is_published = figure.as == Figure::As::gigabytes;
    out[is_published ? "published_bytes" : figure.json] = counted.stat.*figure.counter;
  }
  return out;
}

std::string totals_text(const Counters& counters, Kind kind, const Style& style) {
  std::vector<Table::Column> columns{{"NAME"}};
  for (const Figure& figure : figures_of(kind)) {
    if (figure.title != nullptr) {
      columns.push_back({figure.title, Align::right});
    }
  }
  Table table(std::move(columns));
  for (const auto& [name, counted] : counters) {
    if (counted.kind == kind) {
      std::vector<std::string> row{printable(name)};
      add_cells(row, counted, counted.stat, {});
      table.add(std::move(row));
    }
  }
  return table.text(style);
}

void print_totals(const Context& context, const Counters& counters) {
  if (context.wants_json()) {
    nlohmann::json out = {{"segments", nlohmann::json::array()}};
    for (const auto& [name, counted] : counters) {
      out["segments"].push_back(total_json(name, counted));
    }
    context.print_json(out);
    return;
  }
  for (const Kind kind : kinds_of(counters)) {
    context.print(totals_text(counters, kind, context.style()));
  }
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
