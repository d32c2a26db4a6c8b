// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "client/cli/identity.hpp"
#include "client/cli/json_shapes.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/queue_parts.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

std::string describe(const Peer& peer) {
  return printable(peer.name.empty() ? "?" : peer.name) + " (session " +
         std::to_string(peer.session) + ", pid " + std::to_string(peer.pid) + ")";
}

std::string owner(const SegmentInfo& info) {
  const std::string group = info.terms.gid ? ":" + group_name(*info.terms.gid) : "";
  return user_name(info.uid) + group + " " + format_mode(info.terms.mode);
}

std::string slots(const SegmentInfo& info) {
  const bool is_latest_held = std::ranges::any_of(info.readers, [&](const Reader& reader) {
    return std::ranges::find(reader.held, info.version) != reader.held.end();
  });
  const std::size_t latest = info.version == 0 ? 0 : 1;
  const std::size_t held = info.slots_held - (is_latest_held && info.slots_held > 0 ? 1 : 0);
  const std::size_t used = std::min(latest + held, info.slots);
  return std::to_string(info.slots) + " of " + format_bytes(room_bytes(info.schema)) + ": " +
         std::to_string(latest) + " latest, " + std::to_string(held) + " held, " +
         std::to_string(info.slots - used) + " free";
}

std::string doing(const Reader& reader) {
  std::string out;
  if (reader.access == Access::observe) {
    out = "snapshots only";
  } else if (reader.held.empty()) {
    out = reader.seen == 0 ? "saw nothing yet" : "saw v" + std::to_string(reader.seen);
  } else {
    out = "holds";
    for (const std::uint64_t version : reader.held) {
      out += " v" + std::to_string(version);
    }
  }
  return reader.missed == 0 ? out : out + ", " + std::to_string(reader.missed) + " missed";
}

// `rows` beside `label`, which stands at the first of them.
void add_block(Table& table, const std::string& label, const std::string& rows) {
  std::string rest = rows;
  for (std::string first = label; !rest.empty(); first.clear()) {
    const std::size_t end = rest.find('\n');
    table.add({first, rest.substr(0, end)});
    rest.erase(0, end == std::string::npos ? rest.size() : end + 1);
  }
}

std::string reader_rows(const SegmentInfo& info) {
  if (info.readers.empty()) {
    return "none";
  }
  Table table(std::vector<Table::Column>(2));
  for (const Reader& reader : info.readers) {
    table.add({describe(reader.peer), doing(reader)});
  }
  return table.rows_text();
}

// Of a buffer also where each begins.
std::string tensor_rows(const SegmentInfo& info) {
  Table table({{""}, {""}, {"", Align::right}, {""}});
  for (std::size_t i = 0; i < info.schema.size(); ++i) {
    const TensorSpec& spec = info.schema[i];
    table.add({printable(spec.name),
               format_type(spec),
               format_bytes(room_bytes(spec)),
               i < info.offsets_bytes.size() ? "at " + std::to_string(info.offsets_bytes[i]) : ""});
  }
  return table.rows_text();
}

std::string first_line(const SegmentInfo& info, const std::string& what) {
  return std::string(name_of(info.kind)) + ", " + what + ", " +
         std::string(name_of(info.terms.lifetime)) + ", " + owner(info) + ", id " +
         std::to_string(info.id) + ", incarnation " + std::to_string(info.incarnation);
}

std::string buffer_text(const SegmentInfo& info) {
  Table table(std::vector<Table::Column>(2));
  table.add({printable(info.name),
             first_line(info, info.handover == Handover::share ? "share" : "isolate")});
  table.add({"size", format_grains(info.size_bytes, info.grain_bytes)});
  table.add({"tokens", std::to_string(info.tokens)});
  add_block(table, "tensors", info.schema.empty() ? "none" : tensor_rows(info));
  return table.rows_text();
}

std::string deliveries(const SegmentInfo& info) {
  return info.max_deliveries == 0
             ? "until it is done with"
             : std::to_string(info.max_deliveries) + " at most, then it is parked";
}

std::string queue_slots(const SegmentInfo& info) {
  const std::size_t free = info.slots - std::min(info.slots_held, info.slots);
  std::string text = std::to_string(info.slots) + " of " + format_bytes(room_bytes(info.schema)) +
                     ": " + std::to_string(count_queued(info)) + " queued, " +
                     std::to_string(count_filling(info)) + " filling, " +
                     std::to_string(count_taken(info)) + " taken, " + std::to_string(info.parked) +
                     " parked";
  if (info.poisoned != 0) {
    text += " (" + std::to_string(info.poisoned) + " poisoned)";
  }
  return text + ", " + std::to_string(free) + " free";
}

std::string doing(const Lane& lane) {
  std::string text = std::to_string(lane.depth) + " queued";
  if (lane.again != 0) {
    text += " (" + std::to_string(lane.again) + " again)";
  }
  text += ", " + std::to_string(lane.taken) + " taken";
  if (lane.age) {
    text += ", oldest " + format_age(*lane.age);
  }
  const std::size_t waiting = lane.sleepers + lane.pollers;
  return waiting == 0 ? text
                      : text + ", " + std::to_string(waiting) +
                            (waiting == 1 ? " consumer waits" : " consumers wait");
}

std::string lane_rows(const SegmentInfo& info) {
  Table table(std::vector<Table::Column>(2));
  for (std::size_t i = 0; i < info.lanes.size(); ++i) {
    table.add({std::to_string(i), doing(info.lanes[i])});
  }
  return table.rows_text();
}

std::string doing(const Participant& participant) {
  const std::string lane =
      participant.lane ? "lane " + std::to_string(*participant.lane) : "parked";
  return participant.produces ? lane + ", fills " + std::to_string(participant.filling)
                              : lane + ", has " + std::to_string(participant.taken);
}

std::string participant_rows(const SegmentInfo& info, bool produces) {
  Table table(std::vector<Table::Column>(2));
  bool is_empty = true;
  for (const Participant& participant : info.participants) {
    if (participant.produces == produces) {
      table.add({describe(participant.peer), doing(participant)});
      is_empty = false;
    }
  }
  return is_empty ? "none" : table.rows_text();
}

std::string queue_text(const SegmentInfo& info) {
  Table table(std::vector<Table::Column>(2));
  const std::string ways = std::string(name_of(info.consume)) + ", " +
                           std::string(name_of(info.when_full)) +
                           (info.finished ? ", finished" : "");
  table.add({printable(info.name), first_line(info, ways)});
  table.add({"slots", queue_slots(info)});
  table.add({"deliveries", deliveries(info)});
  add_block(table, "lanes", lane_rows(info));
  add_block(table, "producers", participant_rows(info, true));
  add_block(table, "consumers", participant_rows(info, false));
  add_block(table, "tensors", tensor_rows(info));
  return table.rows_text();
}

std::string topic_text(const SegmentInfo& info) {
  Table table(std::vector<Table::Column>(2));
  table.add({printable(info.name), first_line(info, std::string(name_of(info.retention)))});
  table.add({"slots", slots(info)});
  table.add({"newest",
             info.version == 0 ? "nothing published yet"
                               : "v" + std::to_string(info.version) +
                                     (info.age ? ", " + format_age(*info.age) + " old" : "")});
  table.add({"publisher", info.publisher ? describe(*info.publisher) : "none"});
  add_block(table, "readers", reader_rows(info));
  add_block(table, "tensors", tensor_rows(info));
  return table.rows_text();
}

std::string text(const SegmentInfo& info) {
  switch (info.kind) {
    case Kind::topic:
      return topic_text(info);
    case Kind::queue:
      return queue_text(info);
    case Kind::buffer:
      return buffer_text(info);
  }
  return "";
}

}  // namespace

int run_verb(const Context& context, const InspectOptions& options) {
  Client client = context.connect();
  context.await_name(client, options.name);
  const SegmentInfo info = need_segment(client, options.name, client.inspect(options.name));
  if (context.wants_json()) {
    nlohmann::json out = to_json(info);
    out["readers"] = nlohmann::json::array();
    for (const Reader& reader : info.readers) {
      out["readers"].push_back(to_json(reader));
    }
    if (info.kind == Kind::queue) {
      out["participants"] = to_json(std::span<const Participant>(info.participants));
    }
    context.print_json(out);
  } else {
    context.print(text(info));
  }
  return 0;
}

}  // namespace tenure::cli
