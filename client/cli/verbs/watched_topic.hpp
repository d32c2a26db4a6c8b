// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

namespace tenure::cli {

/// One version that `watch` has seen.
struct Sighting {
  std::uint64_t version = 0;
  std::uint64_t missed = 0;
  std::uint64_t tag = 0;
  /// Since the version seen before it, by the publisher's clock where the topic is stamped, else by
  /// when it was seen here. Nothing for the first one.
  std::optional<std::chrono::nanoseconds> interval = {};
  std::vector<NamedTensor> tensors;  ///< Those that are there. Valid during the call.
};

/// A topic that is watched: by views where that hinders nobody, else by looking at snapshots (a
/// lossless topic would wait for its watcher; views need the hold right and 3 slots).
/// Threads: one at a time.
class WatchedTopic {
 public:
  using See = std::function<void(const Sighting&)>;

  /// Errors: those of Client::subscriber
  [[nodiscard]] static Result<WatchedTopic> open(Client& client, const SegmentInfo& info);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Readable when there may be something to see; -1: look from time to time.
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Calls `see` for what is new, at most `limit` times, and re-arms fd(). Returns how often.
  ///
  /// Errors: those of Subscriber::next() and snapshot() but empty; not_found  it was removed
  [[nodiscard]] Result<std::uint64_t> look(std::uint64_t limit, const See& see);

 private:
  WatchedTopic(std::string name, Subscriber subscriber, bool takes_views);
  [[nodiscard]] Result<void> arm();
  [[nodiscard]] Result<bool> look_once(const See& see);
  void sight(const Bundle& bundle, std::uint64_t version, std::uint64_t missed, const See& see);

  std::string name_;
  Subscriber subscriber_;
  Snapshot snapshot_;
  bool takes_views_;
  int fd_ = -1;
  std::uint64_t version_ = 0;
  std::chrono::nanoseconds seen_at_{0};
};

}  // namespace tenure::cli
