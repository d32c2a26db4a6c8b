// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "tests/soak/oversleep.hpp"
#include "tests/soak/stamp.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 1500ms;  // Longer than the library sleeps without looking again.

// One subscriber, and what must hold of everything that it reads.
class Reading {
 public:
  Reading(Worker& worker, Subscriber subscriber)
      : worker_(worker), subscriber_(std::move(subscriber)), sleep_(worker) {}

  // One read, in the way of its role; whether the subscriber can be used further.
  bool read_one() {
    switch (worker_.spec().role) {
      case Role::latest:
        return wait_for_news() && read_latest();
      case Role::snapshot:
        return wait_for_news() && read_snapshot();
      case Role::poll:
        return read_polled();
      default:
        return read_next();
    }
  }

 private:
  bool wait_for_news() {
    sleep_.begin(last_);
    const auto waited = subscriber_.wait(kPatience);
    sleep_.end(waited.has_value());
    return waited || go_on_after(waited.error(), "wait");
  }

  bool read_latest() {
    const std::uint64_t floor = newest_known();
    return take(subscriber_.latest(), floor, "latest");
  }

  bool read_next() {
    sleep_.begin(last_);
    auto view = subscriber_.next(kPatience);
    sleep_.end(view.has_value());
    return take(std::move(view), last_ + 1, "next");
  }

  // The rule: read until `empty`, then poll.
  bool read_polled() {
    const auto fd = subscriber_.fd();
    if (!fd) {
      return go_on_after(fd.error(), "fd");
    }
    for (;;) {
      auto view = subscriber_.next(kNoWait);
      if (!view && view.error().code == Errc::empty) {
        break;
      }
      if (!take(std::move(view), last_ + 1, "next") || worker_.is_over()) {
        return !worker_.is_over();
      }
    }
    sleep_.begin(last_);
    ::pollfd one{.fd = *fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(kPatience.count()));
    sleep_.end(ready == 1 || subscriber_.wait(kNoWait).has_value());
    return true;
  }

  bool take(Result<View> taken, std::uint64_t floor, const char* verb) {
    if (!taken) {
      return go_on_after(taken.error(), verb);
    }
    View& view = *taken;
    check_count(view);
    check(view, view.version(), floor, verb);
    hold();
    if (worker_.spec().role == Role::fork && worker_.random().one_in(40)) {
      check_fork(worker_, subscriber_, view);
    }
    if (auto released = view.release(); !released) {
      worker_.violation(std::string(verb) + ": v" + std::to_string(last_) +
                        " changed while it was held: " + released.error().message());
    }
    return true;
  }

  bool read_snapshot() {
    const std::uint64_t floor = newest_known();
    auto taken = subscriber_.snapshot(std::move(snapshot_));
    if (!taken) {
      const Errc code = taken.error().code;
      // Flat out, or stopped in the only slot: a snapshot may starve. Then nobody has died in it.
      const bool is_normal = code == Errc::torn || (code == Errc::poisoned && is_single());
      if (is_normal) {
        worker_.own().starved.fetch_add(1);
      }
      return is_normal || go_on_after(taken.error(), "snapshot");
    }
    snapshot_ = *std::move(taken);
    check(snapshot_, snapshot_.version(), floor, "snapshot");
    return true;
  }

  void check(const Bundle& bundle, std::uint64_t version, std::uint64_t floor, const char* verb) {
    const std::string what = std::string(verb) + " gave v" + std::to_string(version);
    if (version < last_ || version < floor) {
      worker_.violation(what + " after v" + std::to_string(last_) + ", when v" +
                        std::to_string(floor) + " was to be had");
    }
    if (const auto fault = find_fault(bundle, worker_.topic_spec(), version); !fault.empty()) {
      worker_.violation(what + ", but " + fault);
    }
    if (bundle.published_at() < published_at_) {
      worker_.violation(what + ", published before v" + std::to_string(last_));
    }
    published_at_ = bundle.published_at();
    last_ = version;
    raise_to(worker_.topic().seen, version);
    worker_.own().seen = version;
    worker_.did_one();
  }

  // Seen and missed add up to the distance; lossless: nothing is missed.
  void check_count(const View& view) {
    const bool is_new = view.version() > last_;
    const std::uint64_t distance = is_new && last_ != 0 ? view.version() - last_ - 1 : 0;
    const bool is_right = last_ == 0 || view.missed() == distance;
    if (!is_right) {
      worker_.violation("v" + std::to_string(view.version()) + " after v" + std::to_string(last_) +
                        " says that " + std::to_string(view.missed()) + " were missed");
    }
    const bool is_next = worker_.spec().role != Role::latest;
    if (worker_.topic_spec().is_lossless && is_next && last_ != 0 && distance != 0) {
      worker_.violation("lossless: v" + std::to_string(view.version()) + " after v" +
                        std::to_string(last_));
    }
  }

  void hold() {
    const std::uint32_t most = worker_.spec().hold_us;
    if (most != 0 && worker_.random().one_in(8)) {
      worker_.pause(std::chrono::microseconds(worker_.random().between(0, most)));
    }
  }

  bool go_on_after(const Error& error, const char* verb) {
    switch (error.code) {
      case Errc::empty:
      case Errc::timed_out:
        return true;  // The watchdog knows whether there was something to read.
      case Errc::superseded:
        return worker_.reopen(subscriber_, error);
      case Errc::gap:
        // Nobody waits in fresh memory for one who has not reopened yet; but it is told.
        if (worker_.board().has_leases) {
          worker_.violation(std::string(verb) + ": " + error.message());
        }
        last_ += error.count;
        return true;
      default:
        worker_.violation(std::string(verb) + ": " + error.message());
        return false;
    }
  }

  [[nodiscard]] bool is_single() const { return worker_.topic_spec().slots == 1; }

  // What `latest` may not be older than. In old memory, for a moment, it may.
  [[nodiscard]] std::uint64_t newest_known() const {
    const TopicBoard& topic = worker_.topic();
    return worker_.board().has_leases ? std::max(topic.published.load(), topic.seen.load()) : 0;
  }

  Worker& worker_;
  Subscriber subscriber_;
  OversleepCheck sleep_;
  Snapshot snapshot_;
  std::uint64_t last_ = 0;
  std::chrono::nanoseconds published_at_{0};
};

}  // namespace

void run_reader(Worker& worker, Client& client) {
  while (!worker.is_over()) {
    SubscriberOptions options;
    options.access = worker.spec().is_observer ? Access::observe : Access::subscribe;
    options.start = worker.random().one_in(2) ? Start::oldest : Start::newest;
    auto subscriber = client.subscriber(worker.name(), options);
    if (!subscriber) {
      worker.violation("subscriber: " + subscriber.error().message());
      worker.pause(50ms);
      continue;
    }
    Reading reading(worker, *std::move(subscriber));
    // Some leave by themselves and come back.
    std::uint64_t left = worker.random().one_in(3) ? worker.random().between(1, 3000) : ~0ULL;
    while (!worker.is_over() && left-- != 0 && reading.read_one()) {
    }
  }
}

}  // namespace tenure::soak
