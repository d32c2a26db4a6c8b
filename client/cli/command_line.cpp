// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "client/cli/identity.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

constexpr const char* kSummary =
    "tenure: looks at the segments of a tensor broker, makes them, fills and reads them.";
constexpr const char* kFooter =
    "Exit status: 0 ok, 1 refused or failed, 2 usage, 3 not_found, 4 denied, 5 busy or timed out,\n"
    "6 broker unreachable, 7 too_old, 8 torn, poisoned or corrupt.\n\n"
    "Examples:\n"
    "  tenure create cam/0 image:uint8:1080x1920x3\n"
    "  tenure put weights w.npy && tenure get weights -o copy.npy\n"
    "  tenure ls --json\n"
    "  tenure VERB --help";

std::chrono::nanoseconds duration(const std::string& option, const std::string& text) {
  const auto parsed = parse_duration(text);
  if (!parsed) {
    throw UsageError(option + ": no duration: \"" + text + "\"",
                     "write a number and a unit, as in 10s, 250ms, 2m, or forever");
  }
  return *parsed;
}

// CLI11 would read -1 as a very large number.
template <class Number>
CLI::Option* add_number(CLI::App& app,
                        const std::string& option,
                        Number& value,
                        const std::string& description) {
  const auto read = [&value, option](const std::string& text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [next, failed] = std::from_chars(text.data(), end, number);
    if (text.empty() || failed != std::errc{} || next != end) {
      throw UsageError(option + ": no number: \"" + text + "\"", "it is a whole number from 0 on");
    }
    value = number;
  };
  return app.add_option_function<std::string>(option, read, description)->type_name("N");
}

void add_common(CLI::App& app, CommonOptions& common) {
  app.add_option("--socket",
                 common.socket,
                 "The broker's socket (default: $TENURE_SOCKET, else\n"
                 "$XDG_RUNTIME_DIR/tenure/control.sock if it is there,\n"
                 "else /run/tenure/control.sock)")
      ->type_name("PATH");
  app.add_option_function<std::string>(
         "--timeout",
         [&common](const std::string& text) { common.timeout = duration("--timeout", text); },
         "Wait that long instead of being refused:\n10s, 250ms, forever")
      ->type_name("TIME");
  app.add_flag("--json", common.wants_json, "Print JSON for programs");
}

// A verb with options of its own kind; `read` declares them and, parsed, completes them.
template <class Options>
struct VerbText {
  std::string name;
  std::string summary;
  std::string examples;
};

using Complete = std::function<void()>;

template <class Options>
void add_verb(CLI::App& app,
              CommandLine& line,
              const VerbText<Options>& text,
              Complete (*declare)(CLI::App&, Options&)) {
  CLI::App* verb = app.add_subcommand(text.name, text.summary);
  verb->group("Verbs");
  verb->footer("Examples:\n" + text.examples);
  auto options = std::make_shared<Options>();
  const Complete complete = declare(*verb, *options);
  add_common(*verb, line.common);
  verb->callback([&line, options, complete, name = text.name] {
    if (complete) {
      complete();
    }
    line.verb_name = name;
    line.verb = *options;
  });
}

Complete declare(CLI::App& /*app*/, PingOptions& /*options*/) {
  return {};
}

Complete declare(CLI::App& app, LsOptions& options) {
  app.add_option("GLOB", options.glob, "Which names: * any run, ? one character (default: all)")
      ->type_name("");
  return {};
}

Complete declare(CLI::App& app, InspectOptions& options) {
  app.add_option("NAME", options.name, "The segment")->required()->type_name("");
  return {};
}

Complete declare(CLI::App& app, StatOptions& options) {
  app.add_option("NAME", options.glob, "A segment, or a glob of several")
      ->required()
      ->type_name("");
  app.add_option_function<std::string>(
         "--every",
         [&options](const std::string& text) {
           options.every = duration("--every", text);
           if (options.every->count() <= 0) {
             throw UsageError("--every: longer than nothing", "as in --every 1s");
           }
         },
         "A row of rates per interval; without it, the totals since creation")
      ->type_name("TIME");
  add_number(app, "--count", options.count, "End after that many intervals (default: on Ctrl-C)");
  return [&options] {
    if (options.count != 0 && !options.every) {
      throw UsageError("--count counts the intervals of --every", "add --every 1s");
    }
  };
}

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
  app.add_option_function<std::string>(option, choose, description)
      ->type_name(choices.begin()->first + "|" + choices.rbegin()->first);
}

void declare_terms(CLI::App& app, Terms& terms) {
  terms.lifetime = Lifetime::persistent;
  app.add_option_function<std::string>(
         "--mode",
         [&terms](const std::string& text) { terms.mode = read_mode(text); },
         "Rights like a file's, octal: 4 read, 1 hold, 2 write\n(default: 0700)")
      ->type_name("MODE");
  app.add_option_function<std::string>(
         "--group",
         [&terms](const std::string& text) {
           terms.gid = find_group(text);
           if (!terms.gid) {
             throw UsageError("--group: no such group: \"" + text + "\"", "a name or a number");
           }
         },
         "The group that the mode speaks of (default: yours)")
      ->type_name("GROUP");
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
      "Every subscriber sees every bundle:\nthe publisher waits for the slow");
  app.add_option_function<std::string>(
         "--lag-limit",
         [&topic](const std::string& text) {
           topic.lag_limit =
               std::chrono::ceil<std::chrono::milliseconds>(duration("--lag-limit", text));
         },
         "Lossless: a subscriber that lags longer is dropped\n(default: 10s between users, none "
         "within one)")
      ->type_name("TIME");
  add_number(app,
             "--attribute-bytes",
             topic.attribute_bytes,
             "Room for each bundle's own attributes (default: 256)");
  app.add_flag_callback(
      "--stamp",
      [&topic] { topic.stamp = Stamp::monotonic; },
      "Each bundle carries the time of its publication");
}

Complete declare(CLI::App& app, CreateOptions& options) {
  app.add_option("NAME", options.name, "Parts of A-Z a-z 0-9 . _ - joined by /")
      ->required()
      ->type_name("");
  auto tensors = std::make_shared<std::vector<std::string>>();
  app.add_option("TENSOR",
                 *tensors,
                 "NAME:DTYPE:AxBxC; NAME:DTYPE: is a scalar;\n"
                 "NAME:any:BYTES leaves the dtype open")
      ->required()
      ->type_name("");
  declare_topic(app, options.topic);
  declare_terms(app, options.topic.terms);
  return [tensors, &options] {
    for (const std::string& text : *tensors) {
      auto spec = parse_tensor(text);
      if (!spec) {
        throw UsageError(spec.error().detail, spec.error().hint);
      }
      options.topic.schema.push_back(*std::move(spec));
    }
  };
}

Complete declare(CLI::App& app, RmOptions& options) {
  app.add_option("NAME", options.names, "The segments")->required()->type_name("");
  return {};
}

// FILE, or TENSOR=FILE.
PutFile put_file(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos) {
    return {.path = text};
  }
  if (sign == 0 || sign + 1 == text.size()) {
    throw UsageError("neither FILE nor TENSOR=FILE: \"" + text + "\"", "as in w1=w1.npy");
  }
  return {.tensor = text.substr(0, sign), .path = text.substr(sign + 1)};
}

Complete declare(CLI::App& app, PutOptions& options) {
  app.add_option("NAME", options.name, "The topic; created (persistent) if there is none")
      ->required()
      ->type_name("");
  auto files = std::make_shared<std::vector<std::string>>();
  app.add_option("FILE",
                 *files,
                 "FILE.npy for a topic of one tensor,\n"
                 "TENSOR=FILE.npy for each of several; - is standard input")
      ->required()
      ->type_name("");
  add_number(app, "--tag", options.tag, "A number of your own that travels with the bundle");
  return [files, &options] {
    for (const std::string& text : *files) {
      options.files.push_back(put_file(text));
    }
    if (std::ranges::count(options.files, "", &PutFile::tensor) > 1) {
      throw UsageError("several files without the name of their tensor",
                       "as in `tenure put weights w1=w1.npy b1=b1.npy`");
    }
  };
}

Complete declare(CLI::App& app, GetOptions& options) {
  app.add_option("NAME", options.name, "The topic")->required()->type_name("");
  app.add_option("-o,--output",
                 options.output,
                 "FILE.npy; DIR/ for a file per tensor; - for standard\n"
                 "output (default: the last part of NAME, with .npy)")
      ->type_name("PATH");
  app.add_option("--tensor", options.tensor, "Only this tensor")->type_name("TENSOR");
  return {};
}

Complete declare(CLI::App& app, WatchOptions& options) {
  app.add_option("NAME", options.glob, "A topic, or a glob of those that there are now")
      ->required()
      ->type_name("");
  add_number(app, "--count", options.count, "End after that many versions (default: on Ctrl-C)");
  return {};
}

Complete declare(CLI::App& app, BenchOptions& options) {
  options.rounds = 40;
  add_number(
      app, "--rounds", options.rounds, "How often limit and product take turns (default: 40)");
  return [&options] {
    if (options.rounds < 1 || options.rounds > 10000) {
      throw UsageError("--rounds: from 1 to 10000", "40 rounds take some seconds");
    }
  };
}

void add_looking_verbs(CLI::App& app, CommandLine& line) {
  add_verb<PingOptions>(app,
                        line,
                        {"ping",
                         "Asks the broker for a sign of life.",
                         "  tenure ping\n"
                         "  tenure ping --timeout 10s --json    waits for the broker to come up"},
                        declare);
  add_verb<LsOptions>(app,
                      line,
                      {"ls",
                       "Lists segments.",
                       "  tenure ls\n"
                       "  tenure ls 'cam/*' --json"},
                      declare);
  add_verb<InspectOptions>(
      app,
      line,
      {"inspect", "Shows a segment: terms, slots, who writes and reads.", "  tenure inspect cam/0"},
      declare);
  add_verb<StatOptions>(app,
                        line,
                        {"stat",
                         "Counts what is published and read.",
                         "  tenure stat cam/0              totals since it was created\n"
                         "  tenure stat 'cam/*' --every 1s  rates, until Ctrl-C"},
                        declare);
  add_verb<WatchOptions>(app,
                         line,
                         {"watch",
                          "Prints a line per published version.",
                          "  tenure watch weights\n"
                          "  tenure watch 'cam/*' --count 100 --json"},
                         declare);
}

void add_acting_verbs(CLI::App& app, CommandLine& line) {
  add_verb<CreateOptions>(
      app,
      line,
      {"create",
       "Creates a topic.",
       "  tenure create cam/0 image:uint8:1080x1920x3 --mode 0750 --group video\n"
       "  tenure create weights w:bfloat16:64x10 step:int64: --lossless"},
      declare);
  add_verb<RmOptions>(app,
                      line,
                      {"rm",
                       "Removes segments: the name at once, memory with its last user.",
                       "  tenure rm cam/0 cam/1"},
                      declare);
  add_verb<PutOptions>(app,
                       line,
                       {"put",
                        "Publishes .npy files as one bundle.",
                        "  tenure put frame frame.npy\n"
                        "  tenure put weights w1=w1.npy b1=b1.npy --tag 622"},
                       declare);
  add_verb<GetOptions>(app,
                       line,
                       {"get",
                        "Writes the newest bundle to .npy files.",
                        "  tenure get cam/0 -o frame.npy\n"
                        "  tenure get weights -o weights/\n"
                        "  tenure get weights --tensor w1 -o - | python3 plot.py"},
                       declare);
  add_verb<BenchOptions>(app,
                         line,
                         {"bench",
                          "Measures this machine's limits and Tenure beside them.",
                          "  tenure bench\n"
                          "  tenure bench --json > bench.json"},
                         declare);
}

std::string parsed_verb(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? "tenure" : verbs.front()->get_name();
}

void configure(CLI::App& app, CommandLine& line) {
  app.get_formatter()->column_width(28);
  app.get_formatter()->label("Positionals", "Arguments");
  app.get_formatter()->label("OPTIONS", "options");
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.get_formatter()->label("REQUIRED", "");
  app.set_version_flag("--version", "tenure " TENURE_VERSION);
  app.require_subcommand(1);
  add_common(app, line.common);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  add_looking_verbs(app, line);
  add_acting_verbs(app, line);
  app.footer(kFooter);  // Last: verbs would inherit it.
}

}  // namespace

std::variant<CommandLine, Answer, Misuse> parse_command_line(
    std::span<const std::string> arguments) {
  CommandLine line;
  CLI::App app(kSummary, "tenure");
  const bool wants_json = std::ranges::find(arguments, "--json") != arguments.end();
  try {
    configure(app, line);
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return line;
  } catch (const CLI::Success& answer) {
    std::ostringstream text;
    app.exit(answer, text, text);
    return Answer{text.str()};
  } catch (const CLI::ParseError& error) {
    const std::string verb = parsed_verb(app);
    const auto strangers = app.remaining();
    if (verb == "tenure" && error.get_name() == "RequiredError") {
      return Misuse{
          verb,
          strangers.empty() ? "a verb is needed" : "no such verb: \"" + strangers.front() + "\"",
          "`tenure --help` lists the verbs",
          wants_json};
    }
    return Misuse{verb,
                  error.what(),
                  verb == "tenure" ? "`tenure --help` lists the verbs"
                                   : "`tenure " + verb + " --help` shows what it takes",
                  wants_json};
  } catch (const UsageError& error) {
    return Misuse{parsed_verb(app), error.what(), error.hint(), wants_json};
  }
}

}  // namespace tenure::cli
