// SPDX-License-Identifier: Apache-2.0
#include "client/cli/json_shapes.hpp"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "client/cli/identity.hpp"

namespace tenure::cli {

using nlohmann::json;

namespace {

json to_json(std::span<const Region> regions) {
  json out = json::array();
  for (const Region& region : regions) {
    out.push_back({{"begin", region.begin_bytes}, {"end", region.end_bytes}});
  }
  return out;
}

void add_queue(json& out, const SegmentInfo& info) {
  out["consume"] = name_of(info.consume);
  out["when_full"] = name_of(info.when_full);
  out["max_deliveries"] = info.max_deliveries;
  out["finished"] = info.finished;
  out["parked"] = info.parked;
  out["poisoned"] = info.poisoned;
  out["lanes"] = json::array();
  for (const Lane& lane : info.lanes) {
    out["lanes"].push_back(tenure::cli::to_json(lane));
  }
}

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::topic:
      return "topic";
    case Kind::queue:
      return "queue";
    case Kind::buffer:
      return "buffer";
  }
  return "unknown";
}

std::string_view name_of(Lifetime lifetime) noexcept {
  return lifetime == Lifetime::session ? "session" : "persistent";
}

std::string_view name_of(Retention retention) noexcept {
  return retention == Retention::overwrite ? "overwrite" : "lossless";
}

std::string_view name_of(Consume consume) noexcept {
  switch (consume) {
    case Consume::read:
      return "read";
    case Consume::in_place:
      return "in_place";
    case Consume::repeatable:
      return "repeatable";
  }
  return "unknown";
}

std::string_view name_of(WhenFull when_full) noexcept {
  return when_full == WhenFull::wait ? "wait" : "drop_oldest";
}

std::string_view name_of(TokenMode mode) noexcept {
  return mode == TokenMode::borrow ? "borrow" : "freeze";
}

std::string_view name_of(TokenInfo::State state) noexcept {
  switch (state) {
    case TokenInfo::State::held:
      return "held";
    case TokenInfo::State::attached:
      return "attached";
    case TokenInfo::State::ticket:
      return "ticket";
    case TokenInfo::State::orphaned:
      return "orphaned";
  }
  return "unknown";
}

std::string format_mode(std::uint32_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

json to_json(const Peer& peer) {
  return {{"session", peer.session}, {"uid", peer.uid}, {"pid", peer.pid}, {"name", peer.name}};
}

json to_json(const Reader& reader) {
  json out = to_json(reader.peer);
  out["access"] = reader.access == Access::subscribe ? "subscribe" : "observe";
  out["held"] = reader.held;
  out["seen"] = reader.seen;
  out["missed"] = reader.missed;
  return out;
}

json to_json(const Lane& lane) {
  json out = {{"depth", lane.depth},
              {"again", lane.again},
              {"taken", lane.taken},
              {"queued", lane.queued},
              {"redelivered", lane.redelivered},
              {"popped", lane.popped},
              {"sleepers", lane.sleepers},
              {"pollers", lane.pollers}};
  out["age_ms"] = lane.age ? json(lane.age->count()) : json();
  return out;
}

json to_json(std::span<const Participant> participants) {
  json out = json::array();
  for (const Participant& participant : participants) {
    json one = to_json(participant.peer);
    one["produces"] = participant.produces;
    one["lane"] = participant.lane ? json(*participant.lane) : json();
    one["filling"] = participant.filling;
    one["taken"] = participant.taken;
    out.push_back(std::move(one));
  }
  return out;
}

json to_json(std::span<const TensorSpec> schema) {
  json out = json::array();
  for (const TensorSpec& spec : schema) {
    const auto extents = spec.shape.extents();
    out.push_back({{"name", spec.name},
                   {"dtype", spec.dtype == DType::any ? "any" : to_string(spec.dtype)},
                   {"shape", std::vector<std::int64_t>(extents.begin(), extents.end())}});
  }
  return out;
}

json to_json(const SegmentInfo& info) {
  json out = {{"name", info.name},
              {"kind", name_of(info.kind)},
              {"id", info.id},
              {"incarnation", info.incarnation},
              {"size_bytes", info.size_bytes},
              {"slots", info.slots},
              {"slots_held", info.slots_held},
              {"uid", info.uid},
              {"owner", user_name(info.uid)},
              {"mode", format_mode(info.terms.mode)},
              {"lifetime", name_of(info.terms.lifetime)},
              {"pages", info.terms.pages == Pages::huge ? "huge" : "small"},
              {"retention", name_of(info.retention)},
              {"users", info.users},
              {"version", info.version}};
  out["gid"] = info.terms.gid ? json(*info.terms.gid) : json();
  out["age_ms"] = info.age ? json(info.age->count()) : json();
  out["publisher"] = info.publisher ? to_json(*info.publisher) : json();
  out["schema"] = to_json(std::span<const TensorSpec>(info.schema));
  if (info.kind == Kind::queue) {
    add_queue(out, info);
  }
  if (info.kind == Kind::buffer) {
    out["grain_bytes"] = info.grain_bytes;
    out["handover"] = info.handover == Handover::share ? "share" : "isolate";
    out["tokens"] = info.tokens;
    for (std::size_t i = 0; i < info.schema.size() && i < info.offsets_bytes.size(); ++i) {
      out["schema"][i]["offset_bytes"] = info.offsets_bytes[i];
    }
  }
  return out;
}

json to_json(const TokenInfo& token) {
  json out = {{"token", token.id},
              {"issuer", token.issuer},
              {"mode", name_of(token.mode)},
              {"begin", token.region.begin_bytes},
              {"end", token.region.end_bytes},
              {"holder", to_json(token.holder)},
              {"state", name_of(token.state)},
              {"age_ms", token.age.count()},
              {"poisoned", token.is_poisoned}};
  out["expires_in_ms"] = token.expires_in ? json(token.expires_in->count()) : json();
  return out;
}

json to_json(const TokenReport& report) {
  json out = {{"tokens", json::array()},
              {"waiting", json::array()},
              {"poisoned", to_json(std::span<const Region>(report.poisoned))}};
  for (const TokenInfo& token : report.tokens) {
    out["tokens"].push_back(to_json(token));
  }
  for (const WaitingInfo& waiting : report.waiting) {
    out["waiting"].push_back({{"who", to_json(waiting.who)},
                              {"mode", name_of(waiting.mode)},
                              {"regions", to_json(std::span<const Region>(waiting.regions))},
                              {"issuer", waiting.issuer},
                              {"age_ms", waiting.age.count()},
                              {"behind", waiting.behind}});
  }
  return out;
}

json to_json(const BrokerInfo& info) {
  return {{"socket", info.socket},
          {"version", info.version},
          {"up_ns", info.up.count()},
          {"used_bytes", info.used_bytes},
          {"budget_bytes", info.budget_bytes},
          {"control_bytes", info.control_bytes}};
}

json to_json(std::string_view name, const TensorView& tensor) {
  const auto shape = tensor.shape();
  return {{"name", name},
          {"dtype", to_string(tensor.dtype())},
          {"shape", std::vector<std::int64_t>(shape.begin(), shape.end())},
          {"size_bytes", tensor.size_bytes()}};
}

json to_json(std::span<const NamedTensor> tensors) {
  json out = json::array();
  for (const NamedTensor& named : tensors) {
    out.push_back(to_json(named.name, named.tensor));
  }
  return out;
}

}  // namespace tenure::cli
