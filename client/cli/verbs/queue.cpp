// SPDX-License-Identifier: Apache-2.0
// `queue`: the lanes, once or at intervals.
#include <algorithm>
#include <thread>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/tokens/token_tree.hpp"
#include "client/cli/verbs/queue_parts.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kHoldersShown = 3;

// "trainer (5, pid 4731) 3": who has bundles of the lane, or of the parked.
std::string holders_text(const SegmentInfo& info, std::optional<std::size_t> lane) {
  std::string out;
  std::size_t count = 0;
  for (const Participant& participant : info.participants) {
    if (participant.produces || participant.taken == 0 || participant.lane != lane) {
      continue;
    }
    if (++count <= kHoldersShown) {
      out += (out.empty() ? "" : ", ") + describe_holder(participant.peer) + " " +
             std::to_string(participant.taken);
    }
  }
  if (count > kHoldersShown) {
    out += " +" + std::to_string(count - kHoldersShown);
  }
  return out.empty() ? "-" : out;
}

// The queue before and now, and the time between; without that, sums.
struct Interval {
  const SegmentInfo& before;
  const SegmentInfo& now;
  std::optional<double> seconds = {};

  // A queue that was created anew counts from nothing.
  [[nodiscard]] std::uint64_t of(std::size_t lane, std::uint64_t Lane::* sum) const {
    const std::uint64_t now_sum = now.lanes[lane].*sum;
    if (!seconds || before.id != now.id || lane >= before.lanes.size()) {
      return now_sum;
    }
    return now_sum - std::min(now_sum, before.lanes[lane].*sum);
  }
};

std::string cell(const Interval& interval, std::size_t lane, std::uint64_t Lane::* sum) {
  const std::uint64_t count = interval.of(lane, sum);
  return interval.seconds ? format_number(static_cast<double>(count) / *interval.seconds, 1)
                          : std::to_string(count);
}

std::vector<Table::Column> columns(bool has_rates) {
  std::vector<Table::Column> out{{"LANE", Align::left, 6},
                                 {"QUEUED", Align::right, 6},
                                 {"AGAIN", Align::right, 5},
                                 {"TAKEN", Align::right, 5},
                                 {"OLDEST", Align::right, 7},
                                 {has_rates ? "IN/s" : "IN", Align::right, 8},
                                 {has_rates ? "OUT/s" : "OUT", Align::right, 8},
                                 {"REDELIVERED", Align::right, 11},
                                 {"HELD BY"}};
  if (has_rates) {
    out.insert(out.begin(), {"TIME", Align::left, 8});
  }
  return out;
}

void add_row(Table& table, const Interval& interval, std::vector<std::string> cells) {
  if (interval.seconds) {
    cells.insert(cells.begin(), clock_time("%H:%M:%S"));
  }
  table.add(std::move(cells));
}

void add_rows(Table& table, const Interval& interval) {
  const SegmentInfo& now = interval.now;
  for (std::size_t i = 0; i < now.lanes.size(); ++i) {
    const Lane& lane = now.lanes[i];
    add_row(table,
            interval,
            {std::to_string(i),
             std::to_string(lane.depth),
             std::to_string(lane.again),
             std::to_string(lane.taken),
             lane.age ? format_age(*lane.age) : "-",
             cell(interval, i, &Lane::queued),
             cell(interval, i, &Lane::popped),
             std::to_string(interval.of(i, &Lane::redelivered)),
             holders_text(now, i)});
  }
  if (now.parked == 0) {
    return;
  }
  const std::string poisoned = now.poisoned == 0 ? "" : std::to_string(now.poisoned) + " poisoned";
  const std::string holders = holders_text(now, {});
  add_row(table,
          interval,
          {"parked",
           std::to_string(now.parked),
           "-",
           "-",
           "-",
           "-",
           "-",
           "-",
           poisoned.empty() ? holders
           : holders == "-" ? poisoned
                            : poisoned + ", " + holders});
}

// What is in flight, and for how many there is room.
nlohmann::json json(const Interval& interval) {
  const SegmentInfo& now = interval.now;
  nlohmann::json out = {{"name", now.name},
                        {"slots", now.slots},
                        {"free", now.slots - std::min(now.slots, now.slots_held)},
                        {"filling", count_filling(now)},
                        {"parked", now.parked},
                        {"poisoned", now.poisoned},
                        {"finished", now.finished},
                        {"lanes", nlohmann::json::array()},
                        {"participants", to_json(std::span<const Participant>(now.participants))}};
  for (std::size_t i = 0; i < now.lanes.size(); ++i) {
    nlohmann::json lane = to_json(now.lanes[i]);
    if (interval.seconds) {
      const auto rate = [&](std::uint64_t Lane::* sum) {
        return static_cast<double>(interval.of(i, sum)) / *interval.seconds;
      };
      lane["queued_per_s"] = rate(&Lane::queued);
      lane["popped_per_s"] = rate(&Lane::popped);
      lane["redelivered_per_s"] = rate(&Lane::redelivered);
    }
    out["lanes"].push_back(std::move(lane));
  }
  if (interval.seconds) {
    out["time"] = clock_time("%FT%T%z");
    out["seconds"] = *interval.seconds;
  }
  return out;
}

std::string slots_text(const SegmentInfo& info) {
  const std::size_t free = info.slots - std::min(info.slots, info.slots_held);
  return std::to_string(info.slots) + (info.slots == 1 ? " slot, " : " slots, ") +
         std::to_string(count_filling(info)) + " filling, " + std::to_string(free) + " free" +
         (info.finished ? ", finished" : "") + "\n";
}

void print_once(const Context& context, const SegmentInfo& info) {
  const Interval interval{.before = info, .now = info};
  if (context.wants_json()) {
    context.print_json(json(interval));
    return;
  }
  Table table(columns(false));
  add_rows(table, interval);
  context.print(table.text(context.style()) + slots_text(info));
}

// Ctrl-C ends it wherever it is: there is nothing to put in order first.
void print_rates(const Context& context,
                 Client& client,
                 const LanesOptions& options,
                 SegmentInfo before) {
  Clock::time_point asked = Clock::now();
  for (std::uint64_t done = 0; options.count == 0 || done < options.count; ++done) {
    std::this_thread::sleep_until(asked + *options.every);
    SegmentInfo now = need_segment(client, options.name, client.inspect(options.name));
    const Clock::time_point then = std::exchange(asked, Clock::now());
    const Interval interval{.before = before,
                            .now = now,
                            .seconds = std::chrono::duration<double>(asked - then).count()};
    if (context.wants_json()) {
      context.print_json(json(interval));
    } else {
      Table table(columns(true));
      add_rows(table, interval);
      context.print((done == 0 ? table.heading_text(context.style()) : "") + table.rows_text());
    }
    before = std::move(now);
  }
}

}  // namespace

int run_verb(const Context& context, const LanesOptions& options) {
  Client client = context.connect();
  SegmentInfo info = need_queue(context, client, options.name);
  if (options.every) {
    print_rates(context, client, options, std::move(info));
  } else {
    print_once(context, info);
  }
  return 0;
}

}  // namespace tenure::cli
