// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/queue_parts.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

// What there is of these, "12 queued, 1 parked, finished"; "empty" where there is none.
std::string queue_state(const SegmentInfo& info) {
  std::string out;
  const auto add = [&out](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  const auto add_count = [&add](std::size_t count, const char* what) {
    if (count > 0) {
      add(std::to_string(count) + what);
    }
  };
  add_count(count_queued(info), " queued");
  add_count(count_taken(info), " taken");
  add_count(info.parked, " parked");
  if (info.finished) {
    add("finished");
  }
  return out.empty() ? "empty" : out;
}

// Of what is newest in a topic, and waits longest in a queue.
std::optional<std::chrono::milliseconds> age_of(const SegmentInfo& info) {
  return info.kind == Kind::queue ? oldest_of(info) : info.age;
}

std::string state(const SegmentInfo& info) {
  if (info.kind == Kind::buffer) {
    return std::to_string(info.tokens) + (info.tokens == 1 ? " token" : " tokens");
  }
  if (info.kind == Kind::queue) {
    return queue_state(info);
  }
  return info.version == 0 ? "empty" : "v" + std::to_string(info.version);
}

std::vector<std::string> row(const SegmentInfo& info) {
  const auto age = age_of(info);
  return {printable(info.name),
          std::string(name_of(info.kind)),
          info.schema.empty() ? "-" : format_schema(info.schema),
          format_bytes(info.size_bytes),
          std::to_string(info.users),
          state(info),
          age ? format_age(*age) : "-"};
}

}  // namespace

int run_verb(const Context& context, const LsOptions& options) {
  Client client = context.connect();
  const auto segments = need(options.glob, client.list(options.glob));
  const BrokerInfo broker = need("broker", client.broker_info());
  if (context.wants_json()) {
    nlohmann::json out = {{"segments", nlohmann::json::array()},
                          {"used_bytes", broker.used_bytes},
                          {"budget_bytes", broker.budget_bytes}};
    for (const SegmentInfo& info : segments) {
      out["segments"].push_back(to_json(info));
    }
    context.print_json(out);
    return 0;
  }
  Table table({{"NAME"},
               {"KIND"},
               {.title = "TENSORS", .shrinks_to = 12},
               {"SIZE", Align::right},
               {"USERS", Align::right},
               {"STATE"},
               {"AGE", Align::right}});
  for (const SegmentInfo& info : segments) {
    table.add(row(info));
  }
  const std::string count =
      segments.size() == 1 ? "1 segment" : std::to_string(segments.size()) + " segments";
  context.print((segments.empty() ? "" : table.text(context.style())) + count + ", " +
                format_bytes(broker.used_bytes) + " of " + format_bytes(broker.budget_bytes) +
                "\n");
  return 0;
}

}  // namespace tenure::cli
