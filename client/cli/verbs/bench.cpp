// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "client/cli/bench/own_broker.hpp"
#include "client/cli/bench/queue_rows.hpp"
#include "client/cli/bench/rows.hpp"
#include "client/cli/bench/to_device.hpp"
#include "client/cli/interruption.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using bench::Report;
using bench::TokenVerbs;

// Adds the rows of tokens, or says why there are none.
void add_token_rows(const Result<TokenVerbs>& found, const std::string& where, Report& report) {
  if (!found) {
    report.not_run.push_back(
        {.name = "borrow, freeze, release, attach" + where, .why = found.error().message()});
    return;
  }
  report.add(rows_of(*found, where));
}

// A broker of this run's own is kept on one cpu; one that was there runs where it does.
void add_token_rows(const bench::TokenVerbsOptions& options,
                    std::optional<bench::OwnBroker>& own,
                    Report& report) {
  if (!own) {
    add_token_rows(bench::measure_token_verbs(options), "", report);
    return;
  }
  for (const auto& [cpu, where] :
       {std::pair(options.cpus.there, ", other cpu"), std::pair(options.cpus.here, ", same cpu")}) {
    const auto pinned = own->pin_to(cpu);
    add_token_rows(pinned ? bench::measure_token_verbs(options) : pinned.error(), where, report);
  }
}

// Adds the rows of queues, or says why there are none.
void add_queue_rows(const bench::QueueSuiteOptions& options, Report& report) {
  auto found = bench::measure_queues(options);
  if (!found) {
    report.not_run.push_back({.name = "queue", .why = found.error().message()});
    return;
  }
  add_rows_of(*found, report);
}

// Adds the row of copies to a device, or says why there is none.
void add_device_row(const std::string& socket, std::uint64_t rounds, Report& report) {
  constexpr const char* kName = "copy to device, 16 MiB";
  auto client = Client::connect({.socket = socket, .name = "bench"});
  auto found = client ? bench::measure_to_device(
                            *client, "bench-" + std::to_string(::getpid()) + "/device", rounds)
                      : std::move(client).error();
  if (!found) {
    report.not_run.push_back({.name = kName, .why = found.error().message()});
    return;
  }
  report.rows.push_back(speed_row(kName, *found, bench::kToDeviceBytes, ""));
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

}  // namespace

int run_verb(const Context& context, const BenchOptions& options) {
  const Interruption interruption;
  const auto goes_on = [&] { return interruption.signal() == 0; };
  const bench::CpuPair cpus = need("bench", bench::choose_cpus());
  const std::vector<int> usable_cpus = bench::usable_cpus(cpus);  // As below.
  const std::string machine = bench::describe_machine(cpus);      // Before this process is pinned.
  std::optional<std::string> socket = running_broker(context.common());
  std::optional<bench::OwnBroker> own;
  if (!socket) {
    if (!context.common().socket.empty()) {
      (void)context.connect();  // A broker that was named and does not answer: says why.
    }
    own.emplace(need("tenured", bench::OwnBroker::start()));
    socket = own->socket();
  }
  Report report;
  auto found = bench::measure(*socket, cpus, options.rounds, goes_on);
  if (found) {
    report.add(rows_of(*found));
    add_token_rows({.socket = *socket, .cpus = cpus, .rounds = options.rounds, .goes_on = goes_on},
                   own,
                   report);
    add_queue_rows({.socket = *socket,
                    .cpus = cpus,
                    .usable_cpus = usable_cpus,
                    .rounds = options.rounds,
                    .goes_on = goes_on},
                   report);
  }
  if (!goes_on()) {
    return interruption.exit_status();
  }
  need("bench", std::move(found));
  add_device_row(*socket, options.rounds, report);
  if (context.wants_json()) {
    context.print_json(json_of(report, machine));
  } else {
    context.print(machine + "\n" + (own ? "a broker of its own" : "broker " + *socket) +
                  "; medians of limit and product measured in turns\n\n" +
                  text_of(report, context.style()));
  }
  return 0;
}

}  // namespace tenure::cli
