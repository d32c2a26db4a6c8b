// SPDX-License-Identifier: Apache-2.0
// The options of `create`.
#include <map>
#include <memory>

#include "client/cli/declare.hpp"
#include "client/cli/identity.hpp"
#include "client/cli/text/tensors.hpp"

namespace tenure::cli {
namespace {

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

}  // namespace

Complete declare(CLI::App& app, CreateOptions& options) {
  add_word(app, "NAME", options.name, "Parts of A-Z a-z 0-9 . _ - joined by /")->required();
  auto tensors = std::make_shared<std::vector<std::string>>();
  add_word(app,
           "TENSOR",
           *tensors,
           "NAME:DTYPE:AxBxC; NAME:DTYPE: is a scalar;\n"
           "NAME:any:BYTES leaves the dtype open")
      ->required();
  declare_topic(app, options.topic);
  declare_terms(app, options.topic.terms);
  return [tensors, &options] {
    if (options.topic.lag_limit && options.topic.retention != Retention::lossless) {
      throw UsageError("--lag-limit is for lossless topics", "add --lossless");
    }
    for (const std::string& text : *tensors) {
      auto spec = parse_tensor(text);
      if (!spec) {
        throw UsageError(spec.error().detail, spec.error().hint);
      }
      options.topic.schema.push_back(*std::move(spec));
    }
  };
}

}  // namespace tenure::cli
