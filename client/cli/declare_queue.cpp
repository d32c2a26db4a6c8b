// SPDX-License-Identifier: Apache-2.0
// The options of the verbs of queues.
#include <algorithm>
#include <array>
#include <memory>

#include "client/cli/declare.hpp"

namespace tenure::cli {
namespace {

// "all", or how many.
void add_amount(CLI::App& app,
                const std::string& option,
                const std::function<void(std::optional<std::uint64_t>)>& take,
                const std::string& description) {
  const auto read = [option, take](const std::string& text) {
    if (text == "all") {
      return take({});
    }
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [next, failed] = std::from_chars(text.data(), end, number);
    if (text.empty() || failed != std::errc{} || next != end || number == 0) {
      throw UsageError(option + ": no such number: \"" + text + "\"",
                       "it is a whole number from 1 on, or all");
    }
    take(number);
  };
  add_text(app, option, read, "N|all", description);
}

std::size_t read_lane(const std::string& option, const std::string& text) {
  std::size_t lane = 0;
  const char* const end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data(), end, lane);
  if (text.empty() || failed != std::errc{} || next != end || lane >= kParked) {
    throw UsageError(option + ": no lane: \"" + text + "\"",
                     "lanes are numbered from 0; `tenure queue NAME` shows them");
  }
  return lane;
}

void add_name(CLI::App& app, std::string& name) {
  add_word(app, "NAME", name, "The queue")->required();
}

// What CLI11 says of a flag that is given without a value.
constexpr const char* kWithoutValue = "true";
constexpr std::array kFates{"--ack", "--nack", "--park", "--pass-on"};

// `lane` becomes what stands behind --pass-on=.
void declare_fates(CLI::App& app, PopOptions& options, std::string& lane) {
  const auto add = [&](const char* option, Fate fate, const char* description) {
    app.add_flag_callback(
           option, [&options, fate] { options.fate = fate; }, description)
        ->disable_flag_override();
  };
  add(kFates[0], Fate::acked, "Done with it: its slot is free (default)");
  add(kFates[1], Fate::nacked, "Not done with it: it is delivered again, after all of --count");
  add(kFates[2], Fate::parked, "Sets it aside: `tenure parked` shows it");
  app.add_flag(kFates[3], lane, "To the next lane; --pass-on=LANE to that one");
}

void complete_fates(const CLI::App& app, PopOptions& options, const std::string& lane) {
  const auto given =
      std::ranges::count_if(kFates, [&](const char* fate) { return app.count(fate) > 0; });
  if (given > 1) {
    throw UsageError("only one thing can become of a bundle",
                     "choose one of --ack, --nack, --park, --pass-on");
  }
  if (!lane.empty()) {
    options.fate = Fate::passed_on;
    if (lane != kWithoutValue) {
      options.to_lane = read_lane("--pass-on", lane);
    }
  }
}

}  // namespace

Complete declare(CLI::App& app, LanesOptions& options) {
  add_name(app, options.name);
  return declare_intervals(app,
                           options.every,
                           options.count,
                           "Rows with rates per interval; without it, once and with sums");
}

Complete declare(CLI::App& app, PushOptions& options) {
  add_name(app, options.name);
  auto files = std::make_shared<std::vector<std::string>>();
  app.add_option("FILE",
                 *files,
                 "FILE.npy for a queue of one tensor,\n"
                 "TENSOR=FILE.npy for each of several, as with `put`")
      ->type_name("");
  add_number(app, "--lane", options.lane, "Which lane it goes to (default: 0)");
  add_number(app, "--tag", options.tag, "A number of your own that travels with the bundle");
  app.add_flag("--finish",
               options.finishes,
               "Ends the queue, after FILE if there is one: nothing is\n"
               "pushed any more, and consumers are told when it is empty")
      ->disable_flag_override();
  return [files, &options] {
    if (files->empty() && !options.finishes) {
      throw UsageError("FILE is required, or --finish", "as in `tenure push batches batch.npy`");
    }
    options.files = read_files(*files, "as in `tenure push digits raw=raw.npy x=x.npy`");
  };
}

Complete declare(CLI::App& app, PopOptions& options) {
  add_name(app, options.name);
  add_text(
      app,
      "--lane",
      [&options](const std::string& text) {
        options.lane = text == "parked" ? kParked : read_lane("--lane", text);
      },
      "LANE",
      "Which lane, or parked (default: 0)");
  app.add_option("-o,--output",
                 options.output,
                 "FILE.npy; DIR/ for a file per tensor; - for standard\n"
                 "output (default: only a line about it is printed;\n"
                 "--ack frees it all the same)")
      ->type_name("PATH");
  add_word(app, "--tensor", options.tensor, "Only this tensor")->type_name("TENSOR");
  add_amount(
      app,
      "--count",
      [&options](std::optional<std::uint64_t> count) { options.count = count; },
      "How many bundles, one after the other (default: 1); all:\n"
      "until there is none, or the queue has ended");
  auto lane = std::make_shared<std::string>();
  declare_fates(app, options, *lane);
  return [&app, &options, lane] { complete_fates(app, options, *lane); };
}

Complete declare(CLI::App& app, ParkedOptions& options) {
  add_name(app, options.name);
  const auto add = [&](const char* option, ParkedOptions::What what, const char* description) {
    add_amount(
        app,
        option,
        [&options, what](std::optional<std::uint64_t> count) {
          options.what = what;
          options.count = count;
        },
        description);
  };
  add("--requeue", ParkedOptions::What::requeue, "Deliver them again in their lanes, oldest first");
  add("--drop", ParkedOptions::What::drop, "Free their slots, oldest first");
  return [&app] {
    if (app.count("--requeue") > 0 && app.count("--drop") > 0) {
      throw UsageError("--requeue and --drop contradict each other", "choose one of them");
    }
  };
}

}  // namespace tenure::cli
