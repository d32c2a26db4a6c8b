// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/queue_parts.hpp"

#include "client/cli/json_shapes.hpp"

namespace tenure::cli {
namespace {

std::string verbs_for(Kind kind) {
  switch (kind) {
    case Kind::topic:
      return "`tenure put` publishes to a topic, `tenure get` reads it";
    case Kind::queue:
      return "`tenure push` pushes to a queue, `tenure pop` takes from it";
    case Kind::buffer:
      return "`tenure put` writes the tensors of a buffer, `tenure get` reads them";
  }
  return "";
}

std::string words_for(const std::string& name, std::size_t lane, Errc code) {
  switch (code) {
    case Errc::empty:
      return lane == kParked ? "nothing is parked" : "nothing waits in " + format_lane(lane);
    case Errc::full:
      return "every slot is in use; `tenure queue " + name + "` shows by whom";
    case Errc::finished:
      return "the queue has ended";
    default:
      return "";
  }
}

template <class Count>
std::size_t sum_of(const SegmentInfo& info, Count Lane::* count) noexcept {
  std::size_t sum = 0;
  for (const Lane& lane : info.lanes) {
    sum += lane.*count;
  }
  return sum;
}

}  // namespace

Refusal other_kind(const SegmentInfo& info) {
  return {info.name,
          {.code = Errc::unsupported,
           .detail = "it is a " + std::string(name_of(info.kind)),
           .hint = verbs_for(info.kind)}};
}

SegmentInfo need_queue(const Context& context, Client& client, const std::string& name) {
  context.await_name(client, name);
  SegmentInfo info = need_segment(client, name, client.inspect(name));
  if (info.kind != Kind::queue) {
    throw other_kind(info);
  }
  return info;
}

std::string format_lane(std::size_t lane) {
  return lane == kParked ? "the parked" : "lane " + std::to_string(lane);
}

Refusal queue_refusal(const std::string& name, std::size_t lane, Error error) {
  if (error.detail.empty()) {
    error.detail = words_for(name, lane, error.code);
  }
  return {name, std::move(error)};
}

std::size_t count_queued(const SegmentInfo& info) noexcept {
  return sum_of(info, &Lane::depth);
}

std::size_t count_taken(const SegmentInfo& info) noexcept {
  return sum_of(info, &Lane::taken);
}

std::optional<std::chrono::milliseconds> oldest_of(const SegmentInfo& info) noexcept {
  std::optional<std::chrono::milliseconds> oldest;
  for (const Lane& lane : info.lanes) {
    if (lane.age && (!oldest || *lane.age > *oldest)) {
      oldest = lane.age;
    }
  }
  return oldest;
}

// The figures are of moments that differ a little.
std::size_t count_filling(const SegmentInfo& info) noexcept {
  const std::size_t known = count_queued(info) + count_taken(info) + info.parked;
  return info.slots_held < known ? 0 : info.slots_held - known;
}

}  // namespace tenure::cli
