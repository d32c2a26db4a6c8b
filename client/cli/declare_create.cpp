// SPDX-License-Identifier: Apache-2.0
// The options of `create`.
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <span>

#include "client/cli/declare.hpp"
#include "client/cli/identity.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"

namespace tenure::cli {
namespace {

constexpr const char* kSize = "--size";
constexpr const char* kGrain = "--grain";
constexpr const char* kIsolate = "--isolate";
constexpr const char* kQueue = "--queue";
constexpr const char* kInPlace = "--in-place";
constexpr const char* kRepeatable = "--repeatable";
constexpr std::array kBufferOptions{kGrain, kIsolate};
constexpr std::array kTopicOptions{"--subscribers", "--lossless", "--lag-limit"};
constexpr std::array kQueueOptions{
    "--lanes", "--max-deliveries", "--drop-oldest", kInPlace, kRepeatable};
constexpr std::array kBundleOptions{"--slots", "--attribute-bytes", "--stamp"};

std::uint32_t read_mode(const std::string& text) {
  std::uint32_t mode = 0;
  const char* end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data(), end, mode, 8);
  if (text.empty() || failed != std::errc{} || next != end || mode > 0777) {
    throw UsageError("--mode: no mode: \"" + text + "\"",
                     "octal, as in 0750: owner, group, others; 4 read, 1 hold, 2 write");
  }
  return mode;
}

template <class Enum>
void add_choice(CLI::App& app,
                const std::string& option,
                Enum& value,
                const std::map<std::string, Enum>& choices,
                const std::string& description) {
  const auto choose = [&value, option, choices](const std::string& text) {
    const auto found = choices.find(text);
    if (found == choices.end()) {
      std::string all;
      for (const auto& [name, choice] : choices) {
        all += (all.empty() ? "" : " or ") + name;
      }
      throw UsageError(option + ": no such choice: \"" + text + "\"", "it is " + all);
    }
    value = found->second;
  };
  add_text(
      app, option, choose, choices.begin()->first + "|" + choices.rbegin()->first, description);
}

void declare_terms(CLI::App& app, Terms& terms) {
  terms.lifetime = Lifetime::persistent;
  add_text(
      app,
      "--mode",
      [&terms](const std::string& text) { terms.mode = read_mode(text); },
      "MODE",
      "Rights like a file's, octal: 4 read, 1 hold, 2 write\n(default: 0700)");
  add_text(
      app,
      "--group",
      [&terms](const std::string& text) {
        terms.gid = find_group(text);
        if (!terms.gid) {
          throw UsageError("--group: no such group: \"" + text + "\"", "a name or a number");
        }
      },
      "GROUP",
      "The group that the mode speaks of (default: yours)");
  add_choice<Lifetime>(app,
                       "--lifetime",
                       terms.lifetime,
                       {{"persistent", Lifetime::persistent}, {"session", Lifetime::session}},
                       "persistent: until it is removed (default); session: it goes\n"
                       "with this command, unless others have it open");
  add_choice<Pages>(app,
                    "--pages",
                    terms.pages,
                    {{"huge", Pages::huge}, {"small", Pages::small}},
                    "huge: of 2 MiB where it is large (default); small");
}

void declare_topic(CLI::App& app, TopicOptions& topic) {
  add_number(app,
             "--slots",
             topic.slots,
             "Bundles kept: views held at once + 2 (default: 4);\n"
             "in a queue: bundles at once (default: 64)");
  add_number(app, "--subscribers", topic.subscribers, "Subscribers at once (default: 63)");
  app.add_flag_callback(
         "--lossless",
         [&topic] { topic.retention = Retention::lossless; },
         "Every subscriber sees every bundle:\nthe publisher waits for the slow")
      ->disable_flag_override();
  add_text(
      app,
      "--lag-limit",
      [&topic](const std::string& text) {
        topic.lag_limit =
            std::chrono::ceil<std::chrono::milliseconds>(read_duration("--lag-limit", text));
      },
      "TIME",
      "Lossless: a subscriber that lags longer is dropped\n(default: 10s between users, none "
      "within one)");
  add_number(app,
             "--attribute-bytes",
             topic.attribute_bytes,
             "Room for each bundle's own attributes (default: 256)");
  app.add_flag_callback(
         "--stamp",
         [&topic] { topic.stamp = Stamp::monotonic; },
         "Each bundle carries the time of its publication or push")
      ->disable_flag_override();
}

// Slots, attributes and stamp are those of a topic.
void declare_queue(CLI::App& app, QueueOptions& queue) {
  app.add_flag_callback(
         kQueue, [] {}, "A queue: each bundle goes to one consumer at a time")
      ->disable_flag_override();
  add_number(app, "--lanes", queue.lanes, "Queue: stages in a row, 1 to 8 (default: 1)");
  add_number(app,
             "--max-deliveries",
             queue.max_deliveries,
             "Queue: then a bundle is parked; 0: never (default: 5)");
  const auto add_flag = [&app](const char* option, const auto& set, const char* description) {
    app.add_flag_callback(option, set, description)->disable_flag_override();
  };
  add_flag(
      "--drop-oldest",
      [&queue] { queue.when_full = WhenFull::drop_oldest; },
      "Queue: make room by dropping what waits longest of those\nthat nobody was given yet, "
      "instead of waiting");
  add_flag(
      kInPlace,
      [&queue] { queue.consume = Consume::in_place; },
      "Queue: consumers change a bundle before they pass it on");
  add_flag(
      kRepeatable,
      [&queue] { queue.consume = Consume::repeatable; },
      "Queue: the same, by stages that write only what they do\n"
      "not read: half-done ones are repeated");
}

std::uint64_t read_bytes(const std::string& option, const std::string& text) {
  const auto bytes = read_size(text);
  if (!bytes) {
    throw UsageError(option + ": no size: \"" + text + "\"",
                     "bytes, or with K, M, G, T: 4096, 64K, 256M");
  }
  return *bytes;
}

void declare_buffer(CLI::App& app, BufferOptions& buffer) {
  add_text(
      app,
      kSize,
      [&buffer](const std::string& text) { buffer.size_bytes = read_bytes(kSize, text); },
      "BYTES",
      "A buffer of that size, whole pages (256M): its regions are\nborrowed and frozen. "
      "Without it and --queue: a topic");
  add_text(
      app,
      kGrain,
      [&buffer](const std::string& text) { buffer.grain_bytes = read_bytes(kGrain, text); },
      "BYTES",
      "Buffer: what the kernel protects as one between users\n(default: a sixteenth)");
  app.add_flag_callback(
         kIsolate,
         [&buffer] { buffer.handover = Handover::isolate; },
         "Buffer: fresh memory whenever a grain goes from a writer\nto another user")
      ->disable_flag_override();
}

void refuse_options(const CLI::App& app,
                    std::span<const char* const> options,
                    const std::string& what,
                    const std::string& hint) {
  for (const char* const option : options) {
    if (app.count(option) > 0) {
      throw UsageError(option + what, hint);
    }
  }
}

template <class Spec>
Spec need_tensor(Result<Spec> parsed) {
  if (!parsed) {
    throw UsageError(parsed.error().detail, parsed.error().hint);
  }
  return *std::move(parsed);
}

std::vector<TensorSpec> make_schema(const std::vector<std::string>& tensors) {
  std::vector<TensorSpec> schema;
  for (const std::string& text : tensors) {
    schema.push_back(need_tensor(parse_tensor(text)));
  }
  return schema;
}

TopicOptions make_topic(const CLI::App& app,
                        TopicOptions topic,
                        const std::vector<std::string>& tensors) {
  refuse_options(app, kBufferOptions, " is for buffers", "add --size BYTES");
  refuse_options(app, kQueueOptions, " is for queues", "add --queue");
  if (tensors.empty()) {
    throw UsageError("a topic needs a tensor, a buffer its size",
                     "as in image:uint8:1080x1920x3, or --size 256M");
  }
  if (topic.lag_limit && topic.retention != Retention::lossless) {
    throw UsageError("--lag-limit is for lossless topics", "add --lossless");
  }
  topic.schema = make_schema(tensors);
  return topic;
}

QueueOptions make_queue(const CLI::App& app,
                        QueueOptions queue,
                        const TopicOptions& shared,
                        const std::vector<std::string>& tensors) {
  refuse_options(app, kBufferOptions, " is for buffers", "a queue is made by --queue");
  refuse_options(app, kTopicOptions, " is for topics", "a queue is made by --queue");
  if (app.count(kInPlace) + app.count(kRepeatable) > 1) {
    throw UsageError("--in-place and --repeatable are two ways to consume", "choose one of them");
  }
  if (tensors.empty()) {
    throw UsageError("a queue needs a tensor", "as in image:uint8:1080x1920x3");
  }
  queue.schema = make_schema(tensors);
  queue.slots = app.count("--slots") > 0 ? shared.slots : queue.slots;
  queue.attribute_bytes = shared.attribute_bytes;
  queue.stamp = shared.stamp;
  queue.terms = shared.terms;
  return queue;
}

// The broker lends: a root borrow of this command would end with it.
BufferOptions make_buffer(const CLI::App& app,
                          BufferOptions buffer,
                          const std::vector<std::string>& tensors,
                          const Terms& terms) {
  refuse_options(app, kTopicOptions, " is for topics", "a buffer is made by --size");
  refuse_options(app, kBundleOptions, " is for topics and queues", "a buffer is made by --size");
  refuse_options(app, kQueueOptions, " is for queues", "a buffer is made by --size");
  refuse_options(
      app, std::array{kQueue}, " and --size contradict each other", "choose one of them");
  buffer.root = Root::broker;
  buffer.terms = terms;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t end = 0;
  for (const std::string& text : tensors) {
    const std::uint64_t next = (end + page_bytes - 1) / page_bytes * page_bytes;
    buffer.schema.push_back(need_tensor(parse_fixed_tensor(text, next)));
    end = buffer.schema.back().offset_bytes + room_bytes(buffer.schema.back().spec);
  }
  return buffer;
}

}  // namespace

Complete declare(CLI::App& app, CreateOptions& options) {
  add_word(app, "NAME", options.name, "Parts of A-Z a-z 0-9 . _ - joined by /")->required();
  struct Given {
    std::vector<std::string> tensors;
    TopicOptions topic;
    QueueOptions queue;
    BufferOptions buffer;
  };
  auto given = std::make_shared<Given>();
  add_word(app,
           "TENSOR",
           given->tensors,
           "NAME:DTYPE:AxBxC; NAME:DTYPE: is a scalar;\n"
           "NAME:any:BYTES leaves the dtype open;\n"
           "in a buffer NAME:DTYPE:AxBxC@OFFSET (default: the next page)");
  declare_buffer(app, given->buffer);
  declare_topic(app, given->topic);
  declare_queue(app, given->queue);
  declare_terms(app, given->topic.terms);
  return [given, &app, &options] {
    if (app.count(kSize) > 0) {
      options.what = make_buffer(app, given->buffer, given->tensors, given->topic.terms);
    } else if (app.count(kQueue) > 0) {
      options.what = make_queue(app, given->queue, given->topic, given->tensors);
    } else {
      options.what = make_topic(app, given->topic, given->tensors);
    }
  };
}

}  // namespace tenure::cli
