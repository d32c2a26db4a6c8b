// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <limits>

#include "client/cli/verbs/verbs.hpp"
#include "client/cli/verbs/watch_lines.hpp"

namespace tenure::cli {
namespace {

constexpr int kLookEveryMs = 10;
constexpr std::chrono::milliseconds kLookAtOthersEvery{100};

std::string_view words_for(Event::What what) {
  switch (what) {
    case Event::What::removed:
      return "removed";
    case Event::What::publisher_gone:
      return "publisher gone";
    case Event::What::superseded:
      return "superseded";
    default:
      return {};
  }
}

class Watch {
 public:
  Watch(const Context& context, Client& client, std::uint64_t count)
      : lines_(context),
        client_(client),
        left_(count == 0 ? std::numeric_limits<std::uint64_t>::max() : count) {}

  void open(const std::string& glob) {
    const auto segments = find(glob);
    is_one_of_several_ = segments.size() > 1;
    for (const SegmentInfo& info : segments) {
      if (is_one_of_several_) {
        lines_.make_room_for(info.name);
      }
      if (info.kind == Kind::buffer) {
        add(info.name, buffers_, WatchedBuffer::open(client_, info.name));
      } else if (info.kind == Kind::queue) {
        queues_.emplace_back(client_, info);
      } else {
        add(info.name, topics_, WatchedTopic::open(client_, info));
      }
    }
  }

  // Ctrl-C ends it wherever it is: the broker lets go of what it held.
  int run() {
    const int events = need("events", client_.fd());
    while (has_more()) {
      look_at_topics();
      look_at_others();
      read_events();
      if (has_more()) {
        wait(events);
      }
    }
    // Of buffers and queues only the broker tells.
    return is_cut_off_ && topics_.empty() ? static_cast<int>(Exit::no_broker) : 0;
  }

 private:
  // One of several that went meanwhile is left out.
  template <class Watched>
  void add(const std::string& name, std::vector<Watched>& all, Result<Watched> opened) {
    if (opened) {
      all.push_back(*std::move(opened));
    } else if (opened.error().code != Errc::not_found || !is_one_of_several_) {
      throw Refusal(name, opened.error());
    }
  }

  [[nodiscard]] bool has_more() const { return left_ > 0 && (!topics_.empty() || has_others()); }

  [[nodiscard]] bool has_others() const { return !buffers_.empty() || !queues_.empty(); }

  std::vector<SegmentInfo> find(const std::string& glob) {
    if (!is_glob(glob)) {
      return {need_segment(client_, glob, client_.inspect(glob))};
    }
    auto segments = need(glob, client_.list(glob));
    if (segments.empty()) {
      throw no_match(glob);
    }
    return segments;
  }

  void wait(int events) {
    std::vector<pollfd> waits{{.fd = has_broker_ ? events : -1, .events = POLLIN, .revents = 0}};
    bool must_look = false;
    for (const WatchedTopic& topic : topics_) {
      must_look |= topic.fd() < 0;
      waits.push_back({.fd = topic.fd(), .events = POLLIN, .revents = 0});
    }
    // Whichever is ready, the loop looks at everything again.
    const int pause = has_others() ? static_cast<int>(kLookAtOthersEvery.count()) : -1;
    ::poll(waits.data(), waits.size(), must_look ? kLookEveryMs : pause);
  }

  void look_at_topics() {
    for (WatchedTopic& topic : topics_) {
      look_at(topic);
    }
  }

  void look_at(WatchedTopic& topic) {
    auto seen =
        topic.look(left_, [&](const Sighting& sighting) { lines_.print(topic.name(), sighting); });
    if (seen) {
      left_ -= *seen;
    } else if (seen.error().code != Errc::not_found && seen.error().code != Errc::broker_gone) {
      throw Refusal(topic.name(), seen.error());
    }
  }

  void look_at_others() {
    const auto now = std::chrono::steady_clock::now();
    if (now < look_at_others_at_) {
      return;
    }
    look_at_others_at_ = now + kLookAtOthersEvery;
    std::erase_if(buffers_, [&](WatchedBuffer& buffer) { return !is_there(buffer); });
    std::erase_if(queues_, [&](WatchedQueue& queue) { return !is_there(queue); });
  }

  // Looks at a buffer or a queue.
  template <class Watched>
  bool is_there(Watched& watched) {
    auto seen = watched.look(left_, [&](const typename Watched::Change& change) {
      lines_.print(watched.name(), change);
    });
    if (seen) {
      left_ -= *seen;
      return true;
    }
    if (seen.error().code == Errc::not_found) {
      lines_.print_event(watched.name(), "removed");
    } else if (seen.error().code == Errc::broker_gone) {
      is_cut_off_ = true;
    } else {
      throw Refusal(watched.name(), seen.error());
    }
    return false;
  }

  // Versions that were published before the removal are shown before it is said.
  void read_events() {
    while (has_broker_) {
      auto event = client_.event(kNoWait);
      if (!event) {
        if (event.error().code == Errc::broker_gone) {
          // Bundles still come from whoever has the topic open; there is nobody left to tell more.
          has_broker_ = false;
          lines_.print_event("broker", "broker gone");
        }
        return;
      }
      const auto topic = std::ranges::find(topics_, event->segment, &WatchedTopic::name);
      if (topic == topics_.end()) {
        continue;
      }
      if (left_ > 0) {
        look_at(*topic);
      }
      lines_.print_event(event->segment, words_for(event->what));
      if (event->what == Event::What::removed) {
        topics_.erase(topic);
      }
    }
  }

  WatchLines lines_;
  Client& client_;
  std::uint64_t left_;
  std::vector<WatchedTopic> topics_;
  std::vector<WatchedBuffer> buffers_;
  std::vector<WatchedQueue> queues_;
  std::chrono::steady_clock::time_point look_at_others_at_{};
  bool is_one_of_several_ = false;
  bool has_broker_ = true;
  bool is_cut_off_ = false;  // From a buffer or a queue.
};

}  // namespace

int run_verb(const Context& context, const WatchOptions& options) {
  Client client = context.connect();
  if (!is_glob(options.glob)) {
    context.await_name(client, options.glob);
  }
  Watch watch(context, client, options.count);
  watch.open(options.glob);
  return watch.run();
}

}  // namespace tenure::cli
