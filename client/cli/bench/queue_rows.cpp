// SPDX-License-Identifier: Apache-2.0
// What each measurement of queues is called in the report, and what it is to reach.
#include "client/cli/bench/queue_rows.hpp"

#include <string>
#include <vector>

namespace tenure::cli::bench {
namespace {

constexpr std::size_t kLargeBytes = std::size_t{1} << 20U;

// Of items that size: how many in a second, or how many bytes where these are what counts.
Row throughput_row(std::string name, const Pair& pair, std::size_t size_bytes) {
  return size_bytes < kLargeBytes
             ? rate_row(std::move(name), pair, "")
             : speed_row(std::move(name), pair, static_cast<double>(size_bytes), "");
}

std::string size_text(std::size_t size_bytes) {
  return size_bytes < kLargeBytes ? "64 B" : "1 MiB";
}

std::vector<Row> rows_of(const QueueLoad& load) {
  const std::string pairs = std::to_string(load.pairs);
  const std::string name = "queue " + pairs + "x" + pairs + ", " + size_text(load.size_bytes);
  return {throughput_row(name, {load.limit.item, load.ours.item}, load.size_bytes),
          time_row(name + ", push to popped", {load.limit.latency, load.ours.latency}, "")};
}

void add_rows_of(const OtherCarriers& others, const QueueLoad& load, Report& report) {
  const std::string name = "queue 1x1, " + size_text(load.size_bytes);
  const auto add = [&](const Load& other, const char* what) {
    report.rows.push_back(
        throughput_row(name + what, {other.item, load.ours.item}, load.size_bytes));
  };
  add(others.socket, "; a socket");
  if (others.mqueue.item.count() != 0) {
    add(others.mqueue, "; a mqueue");
  } else {
    report.not_run.push_back(
        {.name = name + "; a mqueue", .why = "the system grants none of 10 messages of 8 KiB"});
  }
  if (!others.why_no_boost) {
    add(others.boost, "; Boost message_queue");
  } else {
    report.not_run.push_back(
        {.name = name + "; Boost message_queue", .why = others.why_no_boost->message()});
  }
}

}  // namespace

void add_rows_of(const QueueMeasurements& found, Report& report) {
  report.add(
      {time_row("queue push + pop + ack, one thread", found.verbs.all, "<= 120 ns"),
       time_row("queue draft + push, one thread", found.verbs.push, ""),
       time_row("queue pop + ack, one thread", found.verbs.pop, ""),
       time_row("queue push + pop + ack, 64 B written, read", found.verbs.message, ""),
       time_row("queue push to spinning consumer, 64 B", found.spinning, "<= 2x, p99 <= 3.5x"),
       time_row("queue push to sleeping consumer, other cpu", found.sleeping, "<= 1.2x"),
       time_row("queue push to sleeping consumer, same cpu", found.sleeping_here, "<= 1.2x")});
  for (const QueueLoad& load : found.loads) {
    report.add(rows_of(load));
    if (load.pairs == 1) {
      add_rows_of(load.size_bytes < kLargeBytes ? found.others_64 : found.others_1m, load, report);
    }
  }
}

}  // namespace tenure::cli::bench
