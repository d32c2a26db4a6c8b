// SPDX-License-Identifier: Apache-2.0
/// A broker of one's own: `tenured` as a child, with its socket in a directory that goes with it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "client/examples/runner/child_process.hpp"

namespace examples {

/// A directory that nobody else may enter; removed with all it holds when destroyed.
class TemporaryDirectory {
 public:
  /// In $TMPDIR, else /tmp. Throws std::system_error.
  TemporaryDirectory();
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// A running `tenured`. Threads: one at a time.
class PrivateTenured {
 public:
  /// Starts `program` and waits until it answers. Throws std::runtime_error with what it logged.
  explicit PrivateTenured(const std::filesystem::path& program);
  PrivateTenured(PrivateTenured&&) = delete;
  PrivateTenured& operator=(PrivateTenured&&) = delete;
  ~PrivateTenured();

  [[nodiscard]] std::string socket() const { return (directory_.path() / "control.sock").string(); }
  [[nodiscard]] const std::filesystem::path& directory() const noexcept {
    return directory_.path();
  }
  /// What it has logged so far.
  [[nodiscard]] std::string log() const;
  /// Asks it to end, and waits for that; nothing: it did not within `timeout`.
  std::optional<Ending> stop(std::chrono::milliseconds timeout);

 private:
  [[nodiscard]] ChildProcess launch(const std::filesystem::path& program) const;

  TemporaryDirectory directory_;
  ChildProcess child_;
};

}  // namespace examples
