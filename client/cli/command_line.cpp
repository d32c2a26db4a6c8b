// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command_line.hpp"

#include <algorithm>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "client/cli/declare.hpp"

namespace tenure::cli {
namespace {

constexpr const char* kSummary =
    "tenure: looks at the segments of a tensor broker, makes them, fills and reads them.";
constexpr const char* kFooter =
    "Exit status: 0 ok, 1 refused or failed, 2 usage, 3 not_found, 4 denied, 5 busy or timed out,\n"
    "6 broker unreachable, 7 too_old, 8 torn, poisoned or corrupt, 9 finished,\n"
    "130 ended by Ctrl-C, 143 by SIGTERM.\n\n"
    "Examples:\n"
    "  tenure create cam/0 image:uint8:1080x1920x3\n"
    "  tenure put weights w.npy && tenure get weights -o copy.npy\n"
    "  tenure ls --json\n"
    "  tenure VERB --help";

// A verb with options of its own kind; `read` declares them and, parsed, completes them.
template <class Options>
struct VerbText {
  std::string name;
  std::string summary;
  std::string examples;
};

template <class Options>
void add_verb(CLI::App& app,
              CommandLine& line,
              const VerbText<Options>& text,
              Complete (*declare)(CLI::App&, Options&),
              const Options& defaults = {}) {
  CLI::App* verb = app.add_subcommand(text.name, text.summary);
  verb->group("Verbs");
  verb->footer("Examples:\n" + text.examples);
  auto options = std::make_shared<Options>(defaults);
  const Complete complete = declare(*verb, *options);
  declare_common(*verb, line.common);
  verb->callback([&line, options, complete, name = text.name] {
    if (complete) {
      complete();
    }
    line.verb_name = name;
    line.verb = *options;
  });
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
                          "Prints a line per published version, or change of a lane or token.",
                          "  tenure watch weights\n"
                          "  tenure watch 'cam/*' --count 100 --json"},
                         declare);
}

void add_queue_verbs(CLI::App& app, CommandLine& line) {
  add_verb<PushOptions>(app,
                        line,
                        {"push",
                         "Pushes .npy files to a queue as one bundle, or ends it.",
                         "  tenure push batches batch.npy\n"
                         "  tenure push digits raw=raw.npy x=x.npy --tag 7 --timeout 10s\n"
                         "  tenure push digits --finish"},
                        declare);
  add_verb<PopOptions>(app,
                       line,
                       {"pop",
                        "Takes the oldest bundle of a queue, to .npy files or to show it.",
                        "  tenure pop batches -o batch.npy --timeout forever\n"
                        "  tenure pop digits --count 10 -o digits/\n"
                        "  tenure pop digits --lane 1 --nack"},
                       declare);
  add_verb<LanesOptions>(app,
                         line,
                         {"queue",
                          "Shows the lanes of a queue, and who has what of it.",
                          "  tenure queue digits\n"
                          "  tenure queue digits --every 1s"},
                         declare);
  add_verb<ParkedOptions>(
      app,
      line,
      {"parked",
       "Shows the bundles that a queue has set aside, and what becomes of them.",
       "  tenure parked digits\n"
       "  tenure parked digits --requeue all\n"
       "  tenure parked digits --drop 1"},
      declare);
}

void add_buffer_verbs(CLI::App& app, CommandLine& line) {
  add_verb<TokensOptions>(app,
                          line,
                          {"tokens",
                           "Shows who has which regions of buffers, and who waits.",
                           "  tenure tokens\n"
                           "  tenure tokens pool --json"},
                          declare);
  add_verb<MapOptions>(
      app,
      line,
      {"map", "Draws a buffer from its first byte to its last.", "  tenure map pool"},
      declare);
  add_verb<LendOptions>(app,
                        line,
                        {"borrow",
                         "Runs a command that alone may write a region.",
                         "  tenure borrow pool 0..64K -- ./fill\n"
                         "  tenure borrow --timeout 10s model layer3.w -- python3 update.py"},
                        declare,
                        {.mode = TokenMode::borrow});
  add_verb<LendOptions>(app,
                        line,
                        {"freeze",
                         "Runs a command that reads a region nobody writes.",
                         "  tenure freeze pool 0..64K -- ./sum"},
                        declare,
                        {.mode = TokenMode::freeze});
  add_verb<RevokeOptions>(app,
                          line,
                          {"revoke",
                           "Takes tokens away from whoever has them (administrators).",
                           "  tenure revoke 17 --socket /run/tenure/admin.sock"},
                          declare);
}

void add_acting_verbs(CLI::App& app, CommandLine& line) {
  add_verb<CreateOptions>(
      app,
      line,
      {"create",
       "Creates a topic, a queue or a buffer.",
       "  tenure create cam/0 image:uint8:1080x1920x3 --mode 0750 --group video\n"
       "  tenure create weights w:bfloat16:64x10 step:int64: --lossless\n"
       "  tenure create digits raw:uint8:64x8x8 x:float32:64x8x8 --queue --lanes 2 --in-place\n"
       "  tenure create pool --size 256M\n"
       "  tenure create model --size 1M w:float32:64x128 b:float32:128@64K"},
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
                        "Publishes .npy files as one bundle, or writes a buffer's tensors.",
                        "  tenure put frame frame.npy\n"
                        "  tenure put weights w1=w1.npy b1=b1.npy --tag 622"},
                       declare);
  add_verb<GetOptions>(app,
                       line,
                       {"get",
                        "Writes the newest bundle, or a buffer's tensors, to .npy files.",
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

// What CLI11 says, in our words.
std::string words_for(const CLI::ParseError& error) {
  std::string text = error.what();
  const std::string option = text.substr(0, text.find_first_of(": "));
  if (error.get_name() == "ArgumentMismatch" && text.find("At Most 1") != std::string::npos) {
    return option + " is given more than once";
  }
  if (error.get_name() == "ArgumentMismatch" && text.ends_with("missing")) {
    return option + " lacks its value";
  }
  if (text.ends_with("flag override")) {
    return "--" + option + " takes no value";  // This one comes without its dashes.
  }
  if (const std::size_t extra = text.find("not expected: "); extra != std::string::npos) {
    return text.substr(extra);
  }
  return text;
}

std::string hint_for(const std::string& verb) {
  if (verb == "tenure") {
    return "`tenure --help` lists the verbs";
  }
  const bool runs_a_command = verb == "borrow" || verb == "freeze";
  return "`tenure " + verb + " --help` shows what it takes" +
         (runs_a_command ? "; the command stands behind --" : "");
}

void configure(CLI::App& app, CommandLine& line) {
  app.get_formatter()->column_width(28);
  app.get_formatter()->label("Positionals", "Arguments");
  app.get_formatter()->label("OPTIONS", "options");
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.get_formatter()->label("REQUIRED", "");
  app.set_version_flag("--version", "tenure " TENURE_VERSION);
  app.require_subcommand(1);
  declare_common(app, line.common);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  add_looking_verbs(app, line);
  add_acting_verbs(app, line);
  add_queue_verbs(app, line);
  add_buffer_verbs(app, line);
  app.footer(kFooter);  // Last: verbs would inherit it.
}

}  // namespace

bool asks_for_json(std::span<const std::string> arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

std::variant<CommandLine, Answer, Misuse> parse_command_line(
    std::span<const std::string> arguments) {
  CommandLine line;
  CLI::App app(kSummary, "tenure");
  const bool wants_json = asks_for_json(arguments);
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
          hint_for(verb),
          wants_json};
    }
    return Misuse{verb, words_for(error), hint_for(verb), wants_json};
  } catch (const UsageError& error) {
    return Misuse{parsed_verb(app), error.what(), error.hint(), wants_json};
  }
}

}  // namespace tenure::cli
