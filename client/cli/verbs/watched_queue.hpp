// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <tenure/client.hpp>

namespace tenure::cli {

/// What `watch` has seen change in a queue: one of its lanes, how many are set aside, or that it
/// has ended.
struct QueueChange {
  enum class What : std::uint8_t { lane, parked, finished };
  What what = What::lane;
  // Of a lane: which, how it is now, and what has come, gone and come back since the look before.
  std::size_t index = 0;
  Lane lane = {};
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t back = 0;
  // Of the queue:
  std::size_t parked = 0;
  std::size_t poisoned = 0;
};

[[nodiscard]] std::string_view name_of(QueueChange::What what) noexcept;

/// A queue that is watched by comparing what it was with what it is. Threads: one at a time.
class WatchedQueue {
 public:
  using Change = QueueChange;
  using See = std::function<void(const QueueChange&)>;

  /// That it had ended by then is told by the first look.
  explicit WatchedQueue(Client& client, SegmentInfo now)
      : client_(&client), before_(std::move(now)) {
    before_.finished = false;
  }

  [[nodiscard]] const std::string& name() const noexcept { return before_.name; }
  /// Calls `see` for what has changed, at most `limit` times. Returns how often.
  /// Errors: those of Client::list(); not_found  it was removed
  [[nodiscard]] Result<std::uint64_t> look(std::uint64_t limit, const See& see);

 private:
  Client* client_;
  SegmentInfo before_;  // As seen last.
};

/// What of `now` differs from `before`, which is the same queue.
void compare(const SegmentInfo& before,
             const SegmentInfo& now,
             const std::function<void(const QueueChange&)>& tell);

}  // namespace tenure::cli
