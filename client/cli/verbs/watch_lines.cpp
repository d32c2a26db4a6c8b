// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watch_lines.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/bundles.hpp"
#include "client/cli/text/cells.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/tokens/token_tree.hpp"

namespace tenure::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  const std::size_t has = width_of(text);
  return text.append(has < width ? width - has : 0, ' ');
}

nlohmann::json json(const Sighting& sighting) {
  nlohmann::json out = {{"version", sighting.version},
                        {"missed", sighting.missed},
                        {"tag", sighting.tag},
                        {"size_bytes", size_bytes(sighting.tensors)},
                        {"tensors", to_json(std::span<const NamedTensor>(sighting.tensors))}};
  out["interval_ns"] =
      sighting.interval ? nlohmann::json(sighting.interval->count()) : nlohmann::json();
  return out;
}

std::string text(const Sighting& sighting) {
  const std::string interval = sighting.interval ? "+" + format_interval(*sighting.interval) : "-";
  std::string line = padded("v" + std::to_string(sighting.version), 4) + "   " +
                     padded(interval, 7) + "   " + format_tensors(sighting.tensors) + "   " +
                     format_bytes(size_bytes(sighting.tensors));
  if (sighting.tag != 0) {
    line += "   tag " + std::to_string(sighting.tag);
  }
  if (sighting.missed != 0) {
    line += "   " + std::to_string(sighting.missed) + " missed";
  }
  return line;
}

nlohmann::json json(const BufferChange& change) {
  nlohmann::json out =
      change.token != nullptr
          ? to_json(*change.token)
          : nlohmann::json{{"begin", change.region.begin_bytes}, {"end", change.region.end_bytes}};
  out["event"] = name_of(change.what);
  return out;
}

std::string text(const BufferChange& change) {
  const std::string begin = padded(std::string(name_of(change.what)), 9) + "   ";
  if (change.token == nullptr) {
    return begin + padded("", 10) + "   " + format_region(change.region);
  }
  const TokenInfo& token = *change.token;
  const std::string what = std::string(name_of(token.mode)) + " " + std::to_string(token.id);
  return begin + padded(what, 10) + "   " + padded(format_region(token.region), 12) + "   " +
         describe_holder(token.holder);
}

nlohmann::json json(const QueueChange& change) {
  if (change.what != QueueChange::What::lane) {
    return {
        {"event", name_of(change.what)}, {"parked", change.parked}, {"poisoned", change.poisoned}};
  }
  nlohmann::json out = to_json(change.lane);
  out["event"] = name_of(change.what);
  out["lane"] = change.index;
  out["in"] = change.in;
  out["out"] = change.out;
  out["back"] = change.back;
  return out;
}

std::string text(const QueueChange& change) {
  if (change.what == QueueChange::What::finished) {
    return "finished";
  }
  if (change.what == QueueChange::What::parked) {
    const std::string line = "parked   " + std::to_string(change.parked) + " set aside";
    return change.poisoned == 0 ? line
                                : line + "   " + std::to_string(change.poisoned) + " poisoned";
  }
  const auto count = [](std::uint64_t number, const std::string& what) {
    return padded(std::to_string(number) + " " + what, what.size() + 6);
  };
  std::string line = "lane " + std::to_string(change.index) + "   " +
                     count(change.lane.depth, "queued") + count(change.lane.taken, "taken") +
                     count(change.in, "in") + std::to_string(change.out) + " out";
  if (change.back != 0) {
    line += "   " + std::to_string(change.back) + " back";
  }
  return change.lane.age ? line + "   oldest " + format_age(*change.lane.age) : line;
}

}  // namespace

void WatchLines::make_room_for(const std::string& name) {
  name_width_ = std::max(name_width_, width_of(printable(name)));
}

std::string WatchLines::prefix(const std::string& name) const {
  return name_width_ == 0 ? "" : padded(printable(name), name_width_) + "  ";
}

void WatchLines::print_event(const std::string& name, std::string_view words) const {
  if (words.empty()) {
    return;
  }
  if (context_.wants_json()) {
    std::string event(words);
    std::ranges::replace(event, ' ', '_');
    context_.print_json({{"name", name}, {"event", event}});
  } else {
    context_.print(prefix(name) + std::string(words) + "\n");
  }
}

template <class Seen>
void WatchLines::print_seen(const std::string& name, const Seen& seen) const {
  if (context_.wants_json()) {
    nlohmann::json out = json(seen);
    out["name"] = name;
    context_.print_json(out);
  } else {
    context_.print(prefix(name) + text(seen) + "\n");
  }
}

void WatchLines::print(const std::string& name, const Sighting& sighting) const {
  print_seen(name, sighting);
}
void WatchLines::print(const std::string& name, const BufferChange& change) const {
  print_seen(name, change);
}
void WatchLines::print(const std::string& name, const QueueChange& change) const {
  print_seen(name, change);
}

}  // namespace tenure::cli
