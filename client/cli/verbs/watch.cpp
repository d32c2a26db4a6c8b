// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/cells.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/tokens/token_tree.hpp"
#include "client/cli/verbs/verbs.hpp"
#include "client/cli/verbs/watched_buffer.hpp"
#include "client/cli/verbs/watched_topic.hpp"

namespace tenure::cli {
namespace {

constexpr int kLookEveryMs = 10;
constexpr std::chrono::milliseconds kLookAtBuffersEvery{100};
constexpr std::size_t kTensorsShown = 8;

std::string tensors_text(const Sighting& sighting) {
  std::string out;
  for (std::size_t i = 0; i < std::min(sighting.tensors.size(), kTensorsShown); ++i) {
    const NamedTensor& named = sighting.tensors[i];
    out += (i == 0 ? "" : " ") + printable(named.name) + format_shape(named.tensor.shape());
  }
  if (sighting.tensors.size() > kTensorsShown) {
    out += " +" + std::to_string(sighting.tensors.size() - kTensorsShown);
  }
  return out.empty() ? "-" : out;
}

std::uint64_t size_bytes(const Sighting& sighting) {
  std::uint64_t sum = 0;
  for (const NamedTensor& named : sighting.tensors) {
    sum += named.tensor.size_bytes();
  }
  return sum;
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t has = width_of(text);
  return text.append(has < width ? width - has : 0, ' ');
}

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
      : context_(context),
        client_(client),
        left_(count == 0 ? std::numeric_limits<std::uint64_t>::max() : count) {}

  void open(const std::string& glob) {
    const auto segments = find(glob);
    shows_names_ = segments.size() > 1;
    for (const SegmentInfo& info : segments) {
      name_width_ = std::max(name_width_, width_of(printable(info.name)));
      if (info.kind == Kind::buffer) {
        add(info.name, buffers_, WatchedBuffer::open(client_, info.name));
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
      look_at_buffers();
      read_events();
      if (has_more()) {
        wait(events);
      }
    }
    // Of buffers only the broker tells.
    return is_cut_off_ && topics_.empty() ? static_cast<int>(Exit::no_broker) : 0;
  }

 private:
  // One of several that went meanwhile is left out.
  template <class Watched>
  void add(const std::string& name, std::vector<Watched>& all, Result<Watched> opened) {
    if (opened) {
      all.push_back(*std::move(opened));
    } else if (opened.error().code != Errc::not_found || !shows_names_) {
      throw Refusal(name, opened.error());
    }
  }

  [[nodiscard]] bool has_more() const {
    return left_ > 0 && (!topics_.empty() || !buffers_.empty());
  }

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
    const int pause = buffers_.empty() ? -1 : static_cast<int>(kLookAtBuffersEvery.count());
    ::poll(waits.data(), waits.size(), must_look ? kLookEveryMs : pause);
  }

  void look_at_topics() {
    for (WatchedTopic& topic : topics_) {
      look_at(topic);
    }
  }

  void look_at(WatchedTopic& topic) {
    auto seen = topic.look(left_, [&](const Sighting& sighting) { print(topic.name(), sighting); });
    if (seen) {
      left_ -= *seen;
    } else if (seen.error().code != Errc::not_found && seen.error().code != Errc::broker_gone) {
      throw Refusal(topic.name(), seen.error());
    }
  }

  void look_at_buffers() {
    const auto now = std::chrono::steady_clock::now();
    if (now < look_at_buffers_at_) {
      return;
    }
    look_at_buffers_at_ = now + kLookAtBuffersEvery;
    std::erase_if(buffers_, [&](WatchedBuffer& buffer) { return !look_at(buffer); });
  }

  // Whether it is still there.
  bool look_at(WatchedBuffer& buffer) {
    auto seen =
        buffer.look(left_, [&](const BufferChange& change) { print(buffer.name(), change); });
    if (seen) {
      left_ -= *seen;
      return true;
    }
    if (seen.error().code == Errc::not_found) {
      print_event(buffer.name(), "removed");
    } else if (seen.error().code == Errc::broker_gone) {
      is_cut_off_ = true;
    } else {
      throw Refusal(buffer.name(), seen.error());
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
          print_event("broker", "broker gone");
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
      print_event(event->segment, words_for(event->what));
      if (event->what == Event::What::removed) {
        topics_.erase(topic);
      }
    }
  }

  std::string prefix(const std::string& name) const {
    return shows_names_ ? padded(printable(name), name_width_) + "  " : "";
  }

  void print_event(const std::string& name, std::string_view words) {
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

  void print(const std::string& name, const Sighting& sighting) {
    if (context_.wants_json()) {
      print_json(name, sighting);
      return;
    }
    const std::string interval =
        sighting.interval ? "+" + format_interval(*sighting.interval) : "-";
    std::string line = prefix(name) + padded("v" + std::to_string(sighting.version), 4) + "   " +
                       padded(interval, 7) + "   " + tensors_text(sighting) + "   " +
                       format_bytes(size_bytes(sighting));
    if (sighting.tag != 0) {
      line += "   tag " + std::to_string(sighting.tag);
    }
    if (sighting.missed != 0) {
      line += "   " + std::to_string(sighting.missed) + " missed";
    }
    context_.print(line + "\n");
  }

  void print(const std::string& name, const BufferChange& change) {
    if (context_.wants_json()) {
      nlohmann::json out = change.token != nullptr
                               ? to_json(*change.token)
                               : nlohmann::json{{"begin", change.region.begin_bytes},
                                                {"end", change.region.end_bytes}};
      out["name"] = name;
      out["event"] = name_of(change.what);
      context_.print_json(out);
      return;
    }
    std::string line = prefix(name) + padded(std::string(name_of(change.what)), 9) + "   ";
    if (change.token == nullptr) {
      context_.print(line + padded("", 10) + "   " + format_region(change.region) + "\n");
      return;
    }
    const TokenInfo& token = *change.token;
    const std::string what = std::string(name_of(token.mode)) + " " + std::to_string(token.id);
    context_.print(line + padded(what, 10) + "   " + padded(format_region(token.region), 12) +
                   "   " + describe_holder(token.holder) + "\n");
  }

  void print_json(const std::string& name, const Sighting& sighting) {
    nlohmann::json out = {{"name", name},
                          {"version", sighting.version},
                          {"missed", sighting.missed},
                          {"tag", sighting.tag},
                          {"size_bytes", size_bytes(sighting)},
                          {"tensors", nlohmann::json::array()}};
    out["interval_ns"] =
        sighting.interval ? nlohmann::json(sighting.interval->count()) : nlohmann::json();
    for (const NamedTensor& named : sighting.tensors) {
      out["tensors"].push_back(to_json(named.name, named.tensor));
    }
    context_.print_json(out);
  }

  const Context& context_;
  Client& client_;
  std::uint64_t left_;
  std::vector<WatchedTopic> topics_;
  std::vector<WatchedBuffer> buffers_;
  std::chrono::steady_clock::time_point look_at_buffers_at_{};
  std::size_t name_width_ = 0;
  bool shows_names_ = false;
  bool has_broker_ = true;
  bool is_cut_off_ = false;  // From a buffer.
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
