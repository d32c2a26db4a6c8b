// SPDX-License-Identifier: Apache-2.0
// What all verbs share, and the options of all but `create`.
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "client/cli/declare.hpp"
#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

constexpr std::chrono::hours kLongestInterval{365 * 24};

// Whether what could be TENSOR=FILE is a FILE whose name has a "=" in it.
bool is_path(const std::string& text) {
  return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
         ::access(text.c_str(), F_OK) == 0;
}

// FILE, or TENSOR=FILE.
PutFile put_file(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || is_path(text)) {
    return {.path = text};
  }
  if (sign == 0 || sign + 1 == text.size()) {
    throw UsageError("neither FILE nor TENSOR=FILE: \"" + text + "\"", "as in w1=w1.npy");
  }
  need_utf8("TENSOR", text.substr(0, sign));
  return {.tensor = text.substr(0, sign), .path = text.substr(sign + 1)};
}

}  // namespace

std::chrono::nanoseconds read_duration(const std::string& option, const std::string& text) {
  const auto parsed = parse_duration(text);
  if (!parsed) {
    throw UsageError(option + ": no duration: \"" + text + "\"",
                     "write a number and a unit, as in 10s, 250ms, 2m, or forever");
  }
  return *parsed;
}

CLI::Option* add_text(CLI::App& app,
                      const std::string& option,
                      const std::function<void(const std::string&)>& read,
                      const std::string& type,
                      const std::string& description) {
  const auto take = [read](const CLI::results_t& words) {
    read(words.front());
    return true;
  };
  return app.add_option(option, take, description)->type_name(type);
}

Complete declare_intervals(CLI::App& app,
                           std::optional<std::chrono::nanoseconds>& every,
                           std::uint64_t& count,
                           const std::string& description) {
  add_text(
      app,
      "--every",
      [&every](const std::string& text) {
        every = read_duration("--every", text);
        if (every->count() <= 0 || *every > kLongestInterval) {
          throw UsageError("--every: longer than nothing, at most a year", "as in --every 1s");
        }
      },
      "TIME",
      description);
  add_number(app, "--count", count, "End after that many intervals (default: on Ctrl-C)", 1);
  return [&every, &count] {
    if (count != 0 && !every) {
      throw UsageError("--count counts the intervals of --every", "add --every 1s");
    }
  };
}

std::vector<PutFile> read_files(const std::vector<std::string>& texts, const std::string& hint) {
  std::vector<PutFile> files;
  for (const std::string& text : texts) {
    files.push_back(put_file(text));
  }
  if (files.size() > 1 && std::ranges::count(files, "", &PutFile::tensor) > 0) {
    throw UsageError("several files, and one without the name of its tensor", hint);
  }
  return files;
}

void declare_common(CLI::App& app, CommonOptions& common) {
  app.add_option("--socket",
                 common.socket,
                 "The broker's socket (default: $TENURE_SOCKET, else\n"
                 "$XDG_RUNTIME_DIR/tenure/control.sock if it is there,\n"
                 "else /run/tenure/control.sock)")
      ->type_name("PATH");
  add_text(
      app,
      "--timeout",
      [&common](const std::string& text) { common.timeout = read_duration("--timeout", text); },
      "TIME",
      "Wait that long instead of being refused:\n10s, 250ms, forever");
  app.add_flag("--json", common.wants_json, "Print JSON for programs")->disable_flag_override();
}

Complete declare(CLI::App& /*app*/, PingOptions& /*options*/) {
  return {};
}

Complete declare(CLI::App& app, LsOptions& options) {
  add_word(app, "GLOB", options.glob, "Which names: * any run, ? one character (default: all)");
  return {};
}

Complete declare(CLI::App& app, InspectOptions& options) {
  add_word(app, "NAME", options.name, "The segment")->required();
  return {};
}

Complete declare(CLI::App& app, StatOptions& options) {
  add_word(app, "NAME", options.glob, "A segment, or a glob of several")->required();
  return declare_intervals(app,
                           options.every,
                           options.count,
                           "A row of rates per interval; without it, the totals since creation");
}

Complete declare(CLI::App& app, RmOptions& options) {
  add_word(app, "NAME", options.names, "The segments")->required();
  return {};
}

Complete declare(CLI::App& app, PutOptions& options) {
  add_word(app, "NAME", options.name, "The topic, created (persistent) if there is none; a buffer")
      ->required();
  auto files = std::make_shared<std::vector<std::string>>();
  app.add_option("FILE",
                 *files,
                 "FILE.npy for a segment of one tensor,\n"
                 "TENSOR=FILE.npy for each of several; - is standard input;\n"
                 "what begins with / ./ ../ or is there is a FILE, = or not")
      ->required()
      ->type_name("");
  add_number(app, "--tag", options.tag, "A number of your own that travels with the bundle");
  return [files, &options] {
    options.files = read_files(*files, "as in `tenure put weights w1=w1.npy b1=b1.npy`");
  };
}

Complete declare(CLI::App& app, GetOptions& options) {
  add_word(app, "NAME", options.name, "The topic or buffer")->required();
  app.add_option("-o,--output",
                 options.output,
                 "FILE.npy; DIR/ for a file per tensor; - for standard\n"
                 "output (default: the last part of NAME, with .npy)")
      ->type_name("PATH");
  add_word(app, "--tensor", options.tensor, "Only this tensor")->type_name("TENSOR");
  return {};
}

Complete declare(CLI::App& app, WatchOptions& options) {
  add_word(app, "NAME", options.glob, "A segment, or a glob of those that there are now")
      ->required();
  add_number(app,
             "--count",
             options.count,
             "End after that many versions or changes (default: on\nCtrl-C)",
             1);
  return {};
}

Complete declare(CLI::App& app, TokensOptions& options) {
  add_word(app, "SEGMENT", options.glob, "A buffer, or a glob of several (default: all)");
  return {};
}

Complete declare(CLI::App& app, MapOptions& options) {
  add_word(app, "SEGMENT", options.name, "The buffer")->required();
  return {};
}

Complete declare(CLI::App& app, LendOptions& options) {
  add_word(app, "SEGMENT", options.name, "The buffer")->required();
  add_word(app, "REGION", options.region, "Bytes, whole pages (0..64K), or the name of a tensor")
      ->required();
  app.add_option("COMMAND",
                 options.command,
                 "What to run meanwhile, after --; the descriptors of the\n"
                 "region are in its environment, as TENURE_REGION")
      ->required()
      ->type_name("");
  if (options.mode == TokenMode::borrow) {
    app.add_flag(
           "--acknowledge", options.acknowledges, "Take the region also if a dead writer left it")
        ->disable_flag_override();
  }
  return {};
}

Complete declare(CLI::App& app, RevokeOptions& options) {
  auto tokens = std::make_shared<std::vector<std::string>>();
  app.add_option("TOKEN", *tokens, "Numbers, as `tenure tokens` shows them")
      ->required()
      ->type_name("");
  return [tokens, &options] {
    for (const std::string& text : *tokens) {
      std::uint64_t token = 0;
      const char* const end = text.data() + text.size();
      const auto [next, failed] = std::from_chars(text.data(), end, token);
      if (failed != std::errc{} || next != end) {
        throw UsageError("no token: \"" + text + "\"",
                         "its number, as `tenure tokens` shows it behind its kind");
      }
      options.tokens.push_back(token);
    }
  };
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

}  // namespace tenure::cli
