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

#include <tenure/buffer.hpp>
#include <tenure/queue.hpp>
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
/// What `create` makes: a topic, with --queue a queue, with --size a buffer.
struct CreateOptions {
  std::string name;
  std::variant<TopicOptions, QueueOptions, BufferOptions> what = {};
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
  std::string output = {};  ///< A file, a directory ("out/"), "-"; empty: named after the segment.
  std::string tensor = {};  ///< Empty: all of them.
};
struct WatchOptions {
  std::string glob;
  std::uint64_t count = 0;  ///< Versions or changes; 0: until interrupted or removed.
};
struct TokensOptions {
  std::string glob = "*";
};
struct MapOptions {
  std::string name;
};
/// `borrow` and `freeze`.
struct LendOptions {
  TokenMode mode = TokenMode::borrow;
  std::string name = {};
  std::string region = {};    ///< A range, or the name of a tensor.
  bool acknowledges = false;  ///< Takes what a dead writer left.
  std::vector<std::string> command = {};
};
struct RevokeOptions {
  std::vector<std::uint64_t> tokens;
};
/// `queue`.
struct LanesOptions {
  std::string name;
  std::optional<std::chrono::nanoseconds> every = {};  ///< Nothing: as it is, once.
  std::uint64_t count = 0;                             ///< Intervals; 0: until interrupted.
};
struct PushOptions {
  std::string name;
  std::vector<PutFile> files = {};  ///< May be empty where it finishes.
  std::size_t lane = 0;
  std::uint64_t tag = 0;
  bool finishes = false;  ///< Ends the queue, after the files.
};
/// What becomes of a bundle that was popped.
enum class Fate : std::uint8_t { acked, nacked, parked, passed_on };
struct PopOptions {
  std::string name;
  std::size_t lane = 0;     ///< Or kParked.
  std::string output = {};  ///< As of GetOptions; empty: no files.
  std::string tensor = {};
  std::optional<std::uint64_t> count = 1;  ///< Nothing: all that there are.
  Fate fate = Fate::acked;
  std::optional<std::size_t> to_lane = {};  ///< passed_on; nothing: the next one.
};
struct ParkedOptions {
  enum class What : std::uint8_t { show, requeue, drop };
  std::string name;
  What what = What::show;
  std::optional<std::uint64_t> count = {};  ///< How many, oldest first; nothing: all.
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
                                 TokensOptions,
                                 MapOptions,
                                 LendOptions,
                                 RevokeOptions,
                                 LanesOptions,
                                 PushOptions,
                                 PopOptions,
                                 ParkedOptions,
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
int run_verb(const Context& context, const TokensOptions& options);
int run_verb(const Context& context, const MapOptions& options);
int run_verb(const Context& context, const LendOptions& options);
int run_verb(const Context& context, const RevokeOptions& options);
int run_verb(const Context& context, const LanesOptions& options);
int run_verb(const Context& context, const PushOptions& options);
int run_verb(const Context& context, const PopOptions& options);
int run_verb(const Context& context, const ParkedOptions& options);
int run_verb(const Context& context, const BenchOptions& options);

}  // namespace tenure::cli
