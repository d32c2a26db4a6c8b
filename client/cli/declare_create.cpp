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
constexpr std::array kTopicOptions{
    "--slots", "--subscribers", "--lossless", "--lag-limit", "--attribute-bytes", "--stamp"};

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
  add_number(app, "--slots", topic.slots, "Bundles kept: views held at once + 2 (default: 4)");
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
         "Each bundle carries the time of its publication")
      ->disable_flag_override();
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
      "Without it: a topic");
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

TopicOptions make_topic(const CLI::App& app,
                        TopicOptions topic,
                        const std::vector<std::string>& tensors) {
  refuse_options(app, std::array{kGrain, kIsolate}, " is for buffers", "add --size BYTES");
  if (tensors.empty()) {
    throw UsageError("a topic needs a tensor, a buffer its size",
                     "as in image:uint8:1080x1920x3, or --size 256M");
  }
  if (topic.lag_limit && topic.retention != Retention::lossless) {
    throw UsageError("--lag-limit is for lossless topics", "add --lossless");
  }
  for (const std::string& text : tensors) {
    topic.schema.push_back(need_tensor(parse_tensor(text)));
  }
  return topic;
}

// The broker lends: a root borrow of this command would end with it.
BufferOptions make_buffer(const CLI::App& app,
                          BufferOptions buffer,
                          const std::vector<std::string>& tensors,
                          const Terms& terms) {
  refuse_options(app, kTopicOptions, " is for topics", "a buffer is made by --size");
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
  declare_terms(app, given->topic.terms);
  return [given, &app, &options] {
    if (app.count(kSize) > 0) {
      options.what = make_buffer(app, given->buffer, given->tensors, given->topic.terms);
    } else {
      options.what = make_topic(app, given->topic, given->tensors);
    }
  };
}

}  // namespace tenure::cli
