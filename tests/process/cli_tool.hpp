// SPDX-License-Identifier: Apache-2.0
/// Runs the built `tenure`, as a user's shell would.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tenure::support {

/// How to run it.
struct ToolOptions {
  std::vector<std::string> environment = {};  ///< "NAME=value", over what this process has.
  std::string directory = {};                 ///< The working directory, if another.
  std::string input = {};                     ///< Standard input.
  std::optional<uid_t> uid = {};              ///< As another user; this process must be root.
  std::vector<int> closed = {};               ///< Descriptors that it starts without.
  std::string output = {};                    ///< Standard output goes to this file instead.
  std::optional<std::uint64_t> largest_file_bytes = {};  ///< A write beyond it: SIGXFSZ.
};

/// A tool that runs: killed and reaped when destroyed. Every wait ends after a minute with an
/// exception. Threads: one.
class RunningTool {
 public:
  explicit RunningTool(std::vector<std::string> arguments, const ToolOptions& options = {});
  RunningTool(const RunningTool&) = delete;
  RunningTool& operator=(const RunningTool&) = delete;
  ~RunningTool();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// The next line of standard output, without its end; nothing when there is no further one.
  std::optional<std::string> read_line();
  void signal(int signal) const;
  /// Reads both outputs to their ends. The exit status, or 128 + the signal that ended it.
  int wait();
  /// What read_line() has not taken.
  [[nodiscard]] const std::string& output() const noexcept { return output_; }
  [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

 private:
  bool read_some();

  pid_t pid_ = 0;
  int output_fd_ = -1;
  int errors_fd_ = -1;
  std::string output_;
  std::string errors_;
  std::chrono::steady_clock::time_point deadline_;
};

/// What a finished run left.
struct ToolResult {
  int status = 0;
  std::string output;
  std::string errors;

  /// Standard output as one JSON document; discarded (is_discarded()) where it is none.
  [[nodiscard]] nlohmann::json json() const;
  /// Standard output as JSON, a document per line.
  [[nodiscard]] std::vector<nlohmann::json> json_lines() const;
};

[[nodiscard]] ToolResult run_tool(std::vector<std::string> arguments,
                                  const ToolOptions& options = {});

}  // namespace tenure::support
