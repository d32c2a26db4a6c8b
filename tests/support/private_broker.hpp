// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace tenure::support {

/// How to start a private `tenured`.
struct PrivateBrokerOptions {
  std::vector<std::string> arguments = {};    ///< After `--socket PATH`.
  std::vector<std::string> environment = {};  ///< "NAME=value", over what this process has.
  std::chrono::seconds timeout{20};           ///< To come up, and to end.
};

/// A `tenured` of this test's own, on a socket in a fresh directory that everybody may enter.
///
/// Ended by SIGTERM, and the directory removed, when destroyed; it dies with this process. Throws
/// std::runtime_error with the daemon's log where it does not come up. Threads: one.
class PrivateBroker {
 public:
  explicit PrivateBroker(const PrivateBrokerOptions& options = {});
  PrivateBroker(const PrivateBroker&) = delete;
  PrivateBroker& operator=(const PrivateBroker&) = delete;
  ~PrivateBroker();

  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  /// 0 once it has ended.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// What it wrote to stderr so far.
  [[nodiscard]] std::string log() const;
  /// Waits until the log contains `text`; false after `timeout`.
  [[nodiscard]] bool wait_for_log(const std::string& text) const;
  /// Sends `signal` and waits for the end; the status as from waitpid().
  int stop(int signal);

 private:
  void start(const PrivateBrokerOptions& options);
  void wait_until_it_answers();
  [[nodiscard]] int wait_for_end();

  std::chrono::seconds timeout_;
  std::string directory_;
  std::string socket_;
  pid_t pid_ = 0;
};

/// The program under test: where `tenured` was built.
[[nodiscard]] std::string tenured_path();

}  // namespace tenure::support
