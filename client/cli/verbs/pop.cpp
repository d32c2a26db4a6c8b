// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/bundles.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/get_files.hpp"
#include "client/cli/verbs/queue_parts.hpp"

namespace tenure::cli {
namespace {

constexpr std::array<const char*, 4> kFates{"acked", "nacked", "parked", "passed_on"};

const char* name_of(Fate fate) {
  return kFates.at(static_cast<std::size_t>(fate));
}

// What can be known to be wrong before a bundle is taken: each one that is given back counts as a
// delivery. A lane that is not there itself is for the broker to refuse.
void check_fate(const PopOptions& options, const SegmentInfo& info) {
  if (options.fate != Fate::passed_on) {
    return;
  }
  if (options.lane == kParked) {
    throw UsageError("what is parked is not passed on",
                     "--nack delivers it again in its lane, --ack drops it");
  }
  const std::size_t lanes = info.lanes.size();
  const std::size_t to = options.to_lane.value_or(options.lane + 1);
  if (options.lane >= lanes || (to > options.lane && to < lanes)) {
    return;
  }
  const bool is_last = options.lane + 1 == lanes;
  throw Refusal(options.name,
                {.code = Errc::bad_request,
                 .detail = "lane: " + std::to_string(to) + "; " + format_lane(options.lane) +
                           (is_last ? " is the last of " : " passes on to later ones of ") +
                           std::to_string(lanes),
                 .hint = is_last ? "--ack is done with it" : "lanes are numbered from 0"});
}

// The same, of what is to be written.
void check_output(const PopOptions& options, const SegmentInfo& info) {
  const bool has_tensor = std::ranges::count(info.schema, options.tensor, &TensorSpec::name) > 0;
  if (!options.tensor.empty() && !has_tensor) {
    throw Refusal(options.name,
                  {.code = Errc::not_found,
                   .detail = "no tensor \"" + options.tensor + "\" in this queue",
                   .hint = "the schema has " + format_schema(info.schema)});
  }
  if (options.output.empty()) {
    return;
  }
  if (is_directory(options.output)) {
    return make_directory(options.output);
  }
  if (info.schema.size() > 1 && options.tensor.empty()) {
    throw UsageError(options.name + " has " + std::to_string(info.schema.size()) +
                         " tensors, one file holds one",
                     "-o DIR/ writes a file each; --tensor NAME picks one");
  }
  if (options.count != 1 && options.output != "-") {
    throw UsageError("several bundles, and one file", "-o DIR/ makes a directory for each");
  }
}

// Of several bundles each has a directory of its own, "000001/" and so on.
std::string output_for(const PopOptions& options, std::uint64_t number) {
  if (options.count == 1 || options.output == "-") {
    return options.output;
  }
  std::array<char, 32> folder{};
  std::snprintf(folder.data(), folder.size(), "%06llu/", static_cast<unsigned long long>(number));
  return options.output + (options.output.ends_with('/') ? "" : "/") + folder.data();
}

class Pops {
 public:
  Pops(const Context& context, const PopOptions& options, Consumer consumer)
      : context_(context), options_(options), consumer_(std::move(consumer)) {}

  // What is given back is so after the last: it would be delivered next. Thrown out of here, a
  // bundle that was popped is given up, as when this process is killed: others get it.
  void run() {
    for (std::uint64_t number = 1; !options_.count || number <= *options_.count; ++number) {
      auto item = consumer_.pop(context_.patience());
      if (!item && is_all(item.error().code)) {
        break;
      }
      end(need_of_lane(options_.name, options_.lane, std::move(item)), number);
    }
    for (Item& item : kept_) {
      need(options_.name, item.nack());
    }
  }

 private:
  [[nodiscard]] bool is_all(Errc code) const {
    return !options_.count &&
           (code == Errc::empty || code == Errc::timed_out || code == Errc::finished);
  }

  // Only what was written or shown in full is done with.
  void end(Item item, std::uint64_t number) {
    print(item, number);
    switch (options_.fate) {
      case Fate::acked:
        return need(options_.name, item.ack());
      case Fate::nacked:
        return kept_.push_back(std::move(item));
      case Fate::parked:
        return need(options_.name, item.park());
      case Fate::passed_on:
        return need(options_.name,
                    options_.to_lane ? item.pass_on(*options_.to_lane) : item.pass_on());
    }
  }

  void print(const Item& item, std::uint64_t number) const {
    nlohmann::json files;
    if (!options_.output.empty()) {
      files = write(item, output_for(options_, number));
    }
    if (context_.wants_json()) {
      print_json(item, files);
    } else if (options_.output.empty()) {
      context_.print(line(item) + "\n");
    }
  }

  [[nodiscard]] nlohmann::json write(const Item& item, const std::string& output) const {
    const GetOptions get{.name = options_.name, .output = output, .tensor = options_.tensor};
    return write_files(
        context_, get, choose_tensors(get, item, "this bundle"), format_lane(options_.lane));
  }

  // null: not of a lane, no files.
  void print_json(const Item& item, const nlohmann::json& files) const {
    const auto tensors = tensors_of(item);
    nlohmann::json out = {{"name", options_.name},
                          {"deliveries", item.deliveries()},
                          {"poisoned", item.poisoned()},
                          {"tag", item.note().tag},
                          {"size_bytes", size_bytes(tensors)},
                          {"tensors", to_json(std::span<const NamedTensor>(tensors))},
                          {"fate", name_of(options_.fate)},
                          {"files", files}};
    out["lane"] = options_.lane == kParked ? nlohmann::json() : nlohmann::json(options_.lane);
    context_.print_json(out);
  }

  [[nodiscard]] std::string line(const Item& item) const {
    const auto tensors = tensors_of(item);
    std::string text = format_lane(options_.lane) + "   " + format_tensors(tensors) + "   " +
                       format_bytes(size_bytes(tensors));
    if (item.note().tag != 0) {
      text += "   tag " + std::to_string(item.note().tag);
    }
    if (item.deliveries() > 1) {
      text += "   delivery " + std::to_string(item.deliveries());
    }
    return item.poisoned() ? text + "   poisoned" : text;
  }

  const Context& context_;
  const PopOptions& options_;
  Consumer consumer_;
  std::vector<Item> kept_ = {};  // To be given back.
};

}  // namespace

int run_verb(const Context& context, const PopOptions& options) {
  need_one_output(context, options.output);
  Client client = context.connect();
  const SegmentInfo info = need_queue(context, client, options.name);
  check_fate(options, info);
  check_output(options, info);
  Pops(context,
       options,
       need(options.name,
            client.consumer(options.name, {.lane = options.lane, .timeout = context.remaining()})))
      .run();
  return 0;
}

}  // namespace tenure::cli
