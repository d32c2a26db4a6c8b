// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/soak/stamp.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kNewsPeriod = 10ms;
constexpr std::uint64_t kMostCopied = std::uint64_t{1} << 20U;

// One term as the publisher of the topic.
class Term {
 public:
  Term(Worker& worker, Publisher publisher, std::uint64_t version)
      : worker_(worker), publisher_(std::move(publisher)), version_(version) {}

  // Whether the term goes on.
  bool publish_one() {
    const auto published = attempt();
    if (!published) {
      return go_on_after(published.error());
    }
    if (!*published) {
      return true;  // Dropped.
    }
    const std::uint64_t version = **published;
    if (version != version_ + 1) {
      worker_.violation("published v" + std::to_string(version) + " after v" +
                        std::to_string(version_));
    }
    version_ = version;
    say_returned();
    worker_.did_one();
    return true;
  }

 private:
  // The version, or nothing if the draft was dropped on purpose.
  Result<std::optional<std::uint64_t>> attempt() {
    const TopicSpec& spec = worker_.topic_spec();
    if (spec.size_bytes <= kMostCopied && worker_.random().one_in(4)) {
      const auto copied = publish_copy(publisher_, spec, version_ + 1, words_);
      return copied ? Result<std::optional<std::uint64_t>>(*copied) : copied.error();
    }
    auto draft = take_draft();
    if (!draft) {
      return std::move(draft).error();
    }
    if (auto filled = fill(*draft, spec, version_ + 1); !filled) {
      return std::move(filled).error();
    }
    // A dropped draft of a K = 1 topic takes its only bundle along.
    if (spec.slots > 1 && worker_.random().one_in(64)) {
      return std::optional<std::uint64_t>();
    }
    const auto published = publisher_.publish(*std::move(draft));
    return published ? Result<std::optional<std::uint64_t>>(*published) : published.error();
  }

  Result<Draft> take_draft() {
    if (worker_.spec().pace != Pace::bursty) {
      return publisher_.draft(500ms);
    }
    auto draft = publisher_.draft(kNoWait);
    if (draft || draft.error().code != Errc::full) {
      return draft;
    }
    const auto fd = publisher_.fd();
    if (!fd) {
      return fd.error();
    }
    // The rule: drafted until `full`, then polled.
    draft = publisher_.draft(kNoWait);
    if (draft || draft.error().code != Errc::full) {
      return draft;
    }
    ::pollfd one{.fd = *fd, .events = POLLIN, .revents = 0};
    ::poll(&one, 1, 500);
    return publisher_.draft(kNoWait);
  }

  bool go_on_after(const Error& error) {
    switch (error.code) {
      case Errc::timed_out:
      case Errc::full:
        return true;  // Somebody is stopped, or slow: the watchdog knows who may be.
      case Errc::superseded:
        static_cast<void>(worker_.reopen(publisher_, error));
        return false;
      default:
        worker_.violation("publish: " + error.message());
        return false;
    }
  }

  // From now on nobody may sleep through this version, or be given an older one as the newest.
  void say_returned() {
    TopicBoard& topic = worker_.topic();
    raise_to(topic.published, version_);
    const auto at = now();
    if (at - said_at_ >= kNewsPeriod) {
      said_at_ = at;
      const std::uint64_t count = topic.news_count;
      auto& news = topic.news.at(count % kRemembered);
      news.version = version_;
      news.at_ns = at.count();
      topic.news_count = count + 1;
    }
  }

  Worker& worker_;
  Publisher publisher_;
  std::uint64_t version_;
  std::chrono::nanoseconds said_at_{0};
  std::vector<std::uint64_t> words_;
};

// Now and then so long that a waiter who missed the bundle before it has overslept.
std::chrono::microseconds plan_pause(Worker& worker, std::uint64_t most_us, std::uint64_t rarity) {
  Random& random = worker.random();
  return random.one_in(rarity) ? 1300ms : std::chrono::microseconds(random.between(50, most_us));
}

void pace(Worker& worker, std::uint64_t& left_of_burst) {
  switch (worker.spec().pace) {
    case Pace::flat_out:
      break;
    case Pace::paced:
      worker.pause(plan_pause(worker, 6000, 300));
      break;
    case Pace::bursty:
      if (left_of_burst == 0) {
        left_of_burst = worker.random().between(1, 60);
        worker.pause(plan_pause(worker, 40'000, 10));
      }
      --left_of_burst;
      break;
  }
}

void serve_term(Worker& worker, Client& client, Publisher publisher) {
  const std::uint64_t before = worker.topic().published;
  const auto info = client.inspect(worker.name());
  if (!info) {
    worker.violation("inspect: " + info.error().message());
    return;
  }
  if (info->version < before) {
    worker.violation("v" + std::to_string(before) + " was published, the topic is at v" +
                     std::to_string(info->version));
  }
  Term term(worker, std::move(publisher), info->version);
  // Some step down by themselves, so that the next one comes in without a death.
  std::uint64_t left = worker.random().one_in(3) ? worker.random().between(1, 2000) : ~0ULL;
  std::uint64_t left_of_burst = 0;
  while (!worker.is_over() && left-- != 0 && term.publish_one()) {
    pace(worker, left_of_burst);
  }
}

}  // namespace

void run_publisher(Worker& worker, Client& client) {
  while (!worker.is_over()) {
    auto publisher = client.publisher(worker.name(), {.timeout = 500ms});
    if (publisher) {
      serve_term(worker, client, *std::move(publisher));
    } else if (publisher.error().code != Errc::timed_out) {
      worker.violation("publisher: " + publisher.error().message());
      worker.pause(50ms);
    }
  }
}

void run_refill(Worker& worker, Client& client) {
  const TopicSpec& spec = worker.topic_spec();
  Publisher publisher = or_throw(client.publisher(worker.name(), {.timeout = 20s}));
  std::uint64_t version = or_throw(client.inspect(worker.name())).version;
  const std::uint64_t known =
      std::max<std::uint64_t>(worker.topic().published, worker.topic().seen);
  if (version < known) {
    worker.violation("v" + std::to_string(known) + " is lost: the topic is at v" +
                     std::to_string(version));
  }
  for (std::uint32_t i = 0; i < 2 * spec.slots + 1; ++i) {
    auto draft = publisher.draft(kNoWait);
    if (!draft) {
      worker.violation("a slot is left over: " + draft.error().message());
      return;
    }
    or_throw(fill(*draft, spec, ++version));
    if (or_throw(publisher.publish(*std::move(draft))) != version) {
      worker.violation("another version than v" + std::to_string(version));
    }
    worker.did_one();
  }
}

}  // namespace tenure::soak
