// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watched_topic.hpp"

#include "client/cli/text/bundles.hpp"

namespace tenure::cli {
namespace {

// steady_clock is CLOCK_MONOTONIC, which stamps bundles, too.
std::chrono::nanoseconds now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

bool is_refused_only_views(const Error& error) {
  return error.code == Errc::denied || error.code == Errc::unsupported ||
         error.code == Errc::too_many;
}

}  // namespace

WatchedTopic::WatchedTopic(std::string name, Subscriber subscriber, bool takes_views)
    : name_(std::move(name)), subscriber_(std::move(subscriber)), takes_views_(takes_views) {
}

Result<WatchedTopic> WatchedTopic::open(Client& client, const SegmentInfo& info) {
  if (info.retention == Retention::overwrite) {
    auto subscriber = client.subscriber(info.name);
    if (subscriber) {
      WatchedTopic topic(info.name, *std::move(subscriber), true);
      if (auto armed = topic.arm(); !armed) {
        return std::move(armed).error();
      }
      return topic;
    }
    if (!is_refused_only_views(subscriber.error())) {
      return std::move(subscriber).error();
    }
  }
  auto observer = client.subscriber(info.name, {.access = Access::observe});
  if (!observer) {
    return std::move(observer).error();
  }
  return WatchedTopic(info.name, *std::move(observer), false);
}

Result<void> WatchedTopic::arm() {
  if (!takes_views_) {
    return {};
  }
  auto fd = subscriber_.fd();
  if (!fd) {
    return std::move(fd).error();
  }
  fd_ = *fd;
  return {};
}

Result<std::uint64_t> WatchedTopic::look(std::uint64_t limit, const See& see) {
  std::uint64_t count = 0;
  while (count < limit) {
    auto seen = look_once(see);
    if (seen && !*seen) {
      break;
    }
    if (seen) {
      ++count;
    } else if (seen.error().code == Errc::superseded) {
      auto reopened = subscriber_.reopen();
      if (auto armed = reopened ? arm() : reopened; !armed) {
        return std::move(armed).error();
      }
    } else {
      return std::move(seen).error();
    }
  }
  return count;
}

// Whether there was something new.
Result<bool> WatchedTopic::look_once(const See& see) {
  if (takes_views_) {
    auto view = subscriber_.next(kNoWait);
    if (view) {
      sight(*view, view->version(), view->missed(), see);
      return true;
    }
    return view.error().code == Errc::empty ? Result<bool>(false) : std::move(view).error();
  }
  auto snapshot = subscriber_.snapshot(std::move(snapshot_));
  if (!snapshot) {
    // Overwritten during every attempt, it is looked for again at the next turn.
    const bool is_passing =
        snapshot.error().code == Errc::empty || snapshot.error().code == Errc::torn;
    return is_passing ? Result<bool>(false) : std::move(snapshot).error();
  }
  snapshot_ = *std::move(snapshot);
  const std::uint64_t version = snapshot_.version();
  if (version == version_) {
    return false;
  }
  const bool is_next = version_ == 0 || version <= version_;
  sight(snapshot_, version, is_next ? 0 : version - version_ - 1, see);
  return true;
}

void WatchedTopic::sight(const Bundle& bundle,
                         std::uint64_t version,
                         std::uint64_t missed,
                         const See& see) {
  const std::chrono::nanoseconds stamped = bundle.published_at();
  const std::chrono::nanoseconds at = stamped.count() != 0 ? stamped : now();
  Sighting sighting{.version = version,
                    .missed = missed,
                    .tag = bundle.note().tag,
                    .tensors = tensors_of(bundle)};
  if (version_ != 0) {
    sighting.interval = at - seen_at_;
  }
  version_ = version;
  seen_at_ = at;
  see(sighting);
}

}  // namespace tenure::cli
