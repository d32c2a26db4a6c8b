// SPDX-License-Identifier: Apache-2.0
/// The verbs of the tool and what each can be told. command_line.hpp fills these in.
///
/// run_verb() prints its answer and returns the exit status; it throws Refusal or UsageError.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tenure/topic.hpp>

#include "client/cli/context.hpp"

namespace tenure::cli {

struct PingOptions {};
struct LsOptions {
  std::string glob = "*";
};
struct InspectOptions {
  std::string name;
};
struct StatOptions {
  std::string glob;
  std::optional<std::chrono::nanoseconds> every = {};  ///< Nothing: totals, once.
  std::uint64_t count = 0;                             ///< Intervals; 0: until interrupted.
};
struct CreateOptions {
  std::string name;
  TopicOptions topic;
};
struct RmOptions {
  std::vector<std::string> names;
};
/// A file, and the tensor that it becomes; without a name, the only one of the topic.
struct PutFile {
  std::string tensor = {};
  std::string path;
};
struct PutOptions {
  std::string name;
  std::vector<PutFile> files;
  std::uint64_t tag = 0;
};
struct GetOptions {
  std::string name;
  std::string output = {};  ///< A file, a directory ("out/"), "-"; empty: named after the topic.
  std::string tensor = {};  ///< Empty: all of them.
};
struct WatchOptions {
  std::string glob;
  std::uint64_t count = 0;  ///< Versions; 0: until interrupted or removed.
};
struct BenchOptions {
  std::uint64_t rounds = 0;
};

using VerbOptions = std::variant<PingOptions,
                                 LsOptions,
                                 InspectOptions,
                                 StatOptions,
                                 CreateOptions,
                                 RmOptions,
                                 PutOptions,
                                 GetOptions,
                                 WatchOptions,
                                 BenchOptions>;

int run_verb(const Context& context, const PingOptions& options);
int run_verb(const Context& context, const LsOptions& options);
int run_verb(const Context& context, const InspectOptions& options);
int run_verb(const Context& context, const StatOptions& options);
int run_verb(const Context& context, const CreateOptions& options);
int run_verb(const Context& context, const RmOptions& options);
int run_verb(const Context& context, const PutOptions& options);
int run_verb(const Context& context, const GetOptions& options);
int run_verb(const Context& context, const WatchOptions& options);
int run_verb(const Context& context, const BenchOptions& options);

}  // namespace tenure::cli
