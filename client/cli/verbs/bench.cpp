// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "client/cli/bench/own_broker.hpp"
#include "client/cli/bench/suite.hpp"
#include "client/cli/bench/to_device.hpp"
#include "client/cli/bench/token_verbs.hpp"
#include "client/cli/interruption.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;
using bench::Measurements;
using bench::Pair;
using bench::Samples;
using bench::TokenVerbs;

std::string number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// One line of the report. Times are in ns, speeds in GB/s, rates in 1/s.
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

std::vector<Row> rows_of(const Measurements& found) {
  std::vector<Row> rows{
      time_row("publish to spinning subscriber, 64 B", found.spinning, "<= 1.5x"),
      time_row("publish to sleeping subscriber", found.sleeping, "<= 1.2x"),
      time_row("publish to the last of 8 sleeping", found.waking_8, "<= 1.2x"),
      time_row("publish to the last of 64 sleeping", found.waking_64, "<= 1.2x"),
      time_row("publish to event loop, other cpu", found.event_loop, "<= 1.2x"),
      time_row("publish to event loop, same cpu", found.event_loop_here, "<= 1.8x"),
      time_row("latest() and release, nothing new", found.latest, "<= 20 ns"),
      time_row("snapshot, 64 B", found.snapshot, "<= 30 ns"),
      speed_row("publish by copy, 64 KiB", found.copy_64k, 65536, ">= 0.9x"),
      speed_row("publish by copy, 1 MiB", found.copy_1m, 1048576, ">= 0.95x"),
      time_row("1 MiB to a waiting process; a socket", found.frame_socket, ""),
      time_row("1 MiB to a waiting process; a pipe", found.frame_pipe, "")};
  if (found.frame_queue.limit.count() != 0) {
    rows.push_back(time_row("1 MiB to a waiting process; a mqueue", found.frame_queue, ""));
  }
  return rows;
}

// `where` the broker runs: ", same cpu".
std::vector<Row> rows_of(const TokenVerbs& found, const std::string& where) {
  const std::string crowd = where + ", " + std::to_string(found.tokens) + " tokens of " +
                            (found.uids == 1 ? "1 uid" : std::to_string(found.uids) + " uids");
  return {time_row("borrow" + where, found.borrow, "<= 1.6x"),
          time_row("freeze" + where, found.freeze, "<= 1.6x"),
          time_row("release" + where, found.release, "<= 1.6x"),
          time_row("attach" + where, found.attach, "<= 1.5x"),
          time_row("borrow" + crowd, found.crowded_borrow, "<= 1.2x"),
          time_row("freeze" + crowd, found.crowded_freeze, "<= 1.2x"),
          time_row("release" + crowd, found.crowded_release, "<= 1.2x"),
          rate_row("verbs, 64 in flight" + where, found.window, "")};
}

// A row that this build or machine cannot have.
struct NotRun {
  std::string name;
  std::string why;
};

// Adds the rows of tokens, or says why there are none.
void add_token_rows(const Result<TokenVerbs>& found,
                    const std::string& where,
                    std::vector<Row>& rows,
                    std::vector<NotRun>& not_run) {
  if (!found) {
    not_run.push_back(
        {.name = "borrow, freeze, release, attach" + where, .why = found.error().message()});
    return;
  }
  for (Row& row : rows_of(*found, where)) {
    rows.push_back(std::move(row));
  }
}

// A broker of this run's own is kept on one cpu; one that was there runs where it does.
void add_token_rows(const bench::TokenVerbsOptions& options,
                    std::optional<bench::OwnBroker>& own,
                    std::vector<Row>& rows,
                    std::vector<NotRun>& not_run) {
  if (!own) {
    add_token_rows(bench::measure_token_verbs(options), "", rows, not_run);
    return;
  }
  for (const auto& [cpu, where] :
       {std::pair(options.cpus.there, ", other cpu"), std::pair(options.cpus.here, ", same cpu")}) {
    const auto pinned = own->pin_to(cpu);
    add_token_rows(
        pinned ? bench::measure_token_verbs(options) : pinned.error(), where, rows, not_run);
  }
}

// Adds the row of copies to a device, or says why there is none.
void add_device_row(const std::string& socket,
                    std::uint64_t rounds,
                    std::vector<Row>& rows,
                    std::vector<NotRun>& not_run) {
  constexpr const char* kName = "copy to device, 16 MiB";
  auto client = Client::connect({.socket = socket, .name = "bench"});
  auto found = client ? bench::measure_to_device(
                            *client, "bench-" + std::to_string(::getpid()) + "/device", rounds)
                      : std::move(client).error();
  if (!found) {
    not_run.push_back({.name = kName, .why = found.error().message()});
    return;
  }
  rows.push_back(speed_row(kName, *found, bench::kToDeviceBytes, ""));
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

std::string text_of(const std::vector<Row>& rows, const Style& style) {
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

// The socket of a broker that answers, or nothing.
std::optional<std::string> running_broker(const CommonOptions& common) {
  auto client = Client::connect(
      {.socket = common.socket, .name = "tenure", .timeout = Timeout(common.timeout)});
  if (!client) {
    return std::nullopt;
  }
  auto info = client->broker_info();
  return info ? std::optional(info->socket) : std::nullopt;
}

void print_report(const Context& context,
                  const std::string& title,
                  const std::vector<Row>& rows,
                  const std::vector<NotRun>& not_run) {
  context.print(title + "\n\n" + text_of(rows, context.style()));
  for (const NotRun& row : not_run) {
    context.print("not run: " + row.name + ": " + row.why + "\n");
  }
}

void print_json_report(const Context& context,
                       const std::string& machine,
                       const std::vector<Row>& rows,
                       const std::vector<NotRun>& not_run) {
  nlohmann::json out = {{"machine", machine},
                        {"rows", nlohmann::json::array()},
                        {"not_run", nlohmann::json::array()}};
  for (const Row& row : rows) {
    out["rows"].push_back(to_json(row));
  }
  for (const NotRun& row : not_run) {
    out["not_run"].push_back({{"name", row.name}, {"why", row.why}});
  }
  context.print_json(out);
}

}  // namespace

int run_verb(const Context& context, const BenchOptions& options) {
  const Interruption interruption;
  const auto goes_on = [&] { return interruption.signal() == 0; };
  const bench::CpuPair cpus = need("bench", bench::choose_cpus());
  const std::string machine = bench::describe_machine(cpus);  // Before this process is pinned.
  std::optional<std::string> socket = running_broker(context.common());
  std::optional<bench::OwnBroker> own;
  if (!socket) {
    if (!context.common().socket.empty()) {
      (void)context.connect();  // A broker that was named and does not answer: says why.
    }
    own.emplace(need("tenured", bench::OwnBroker::start()));
    socket = own->socket();
  }
  std::vector<Row> rows;
  std::vector<NotRun> not_run;
  auto found = bench::measure(*socket, cpus, options.rounds, goes_on);
  if (found) {
    rows = rows_of(*found);
    add_token_rows({.socket = *socket, .cpus = cpus, .rounds = options.rounds, .goes_on = goes_on},
                   own,
                   rows,
                   not_run);
  }
  if (!goes_on()) {
    return interruption.exit_status();
  }
  need("bench", std::move(found));
  add_device_row(*socket, options.rounds, rows, not_run);
  if (context.wants_json()) {
    print_json_report(context, machine, rows, not_run);
  } else {
    print_report(context,
                 machine + "\n" + (own ? "a broker of its own" : "broker " + *socket) +
                     "; medians of limit and product measured in turns",
                 rows,
                 not_run);
  }
  return 0;
}

}  // namespace tenure::cli
