// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watched_queue.hpp"

#include <utility>

namespace tenure::cli {
namespace {

using What = QueueChange::What;

// The sums only grow.
std::uint64_t since(std::uint64_t before, std::uint64_t now) {
  return now < before ? 0 : now - before;
}

// Who waits, and for how long something has, is no change.
bool is_same(const Lane& before, const Lane& now) {
  return before.depth == now.depth && before.taken == now.taken && before.queued == now.queued &&
         before.redelivered == now.redelivered && before.popped == now.popped;
}

}  // namespace

std::string_view name_of(What what) noexcept {
  switch (what) {
    case What::lane:
      return "lane";
    case What::parked:
      return "parked";
    case What::finished:
      return "finished";
  }
  return "unknown";
}

void compare(const SegmentInfo& before,
             const SegmentInfo& now,
             const std::function<void(const QueueChange&)>& tell) {
  for (std::size_t i = 0; i < now.lanes.size(); ++i) {
    const Lane old = i < before.lanes.size() ? before.lanes[i] : Lane{};
    const Lane& lane = now.lanes[i];
    if (!is_same(old, lane)) {
      tell({.what = What::lane,
            .index = i,
            .lane = lane,
            .in = since(old.queued, lane.queued),
            .out = since(old.popped, lane.popped),
            .back = since(old.redelivered, lane.redelivered)});
    }
  }
  const QueueChange whole{.parked = now.parked, .poisoned = now.poisoned};
  if (now.parked != before.parked || now.poisoned != before.poisoned) {
    QueueChange change = whole;
    change.what = What::parked;
    tell(change);
  }
  if (now.finished && !before.finished) {
    QueueChange change = whole;
    change.what = What::finished;
    tell(change);
  }
}

// A list names no participants: there may be thousands.
Result<std::uint64_t> WatchedQueue::look(std::uint64_t limit, const See& see) {
  auto found = client_->list(before_.name);
  if (!found) {
    return std::move(found).error();
  }
  if (found->empty() || found->front().id != before_.id) {
    return Error{.code = Errc::not_found};
  }
  std::uint64_t seen = 0;
  compare(before_, found->front(), [&](const QueueChange& change) {
    if (seen < limit) {
      see(change);
      ++seen;
    }
  });
  before_ = std::move(found->front());
  return seen;
}

}  // namespace tenure::cli
