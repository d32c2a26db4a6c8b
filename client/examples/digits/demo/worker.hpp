// SPDX-License-Identifier: Apache-2.0
/// A process of the demo: a program whose lines of output say how far it is.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/examples/runner/child_process.hpp"
#include "proto/os/unique_fd.hpp"

namespace digits {

/// What a line says: "step=470 loss=0.03" as numbers by name, "viewing v60" as viewing = 60, a bare
/// word as 0.
class Report {
 public:
  static Report parse(std::string_view line);

  [[nodiscard]] bool says(std::string_view name) const { return numbers_.contains(name); }
  /// 0 where it says nothing of it.
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] std::uint64_t count(std::string_view name) const;

 private:
  std::map<std::string, double, std::less<>> numbers_;
};

/// A running program of the demo. Threads: one at a time.
class Worker {
 public:
  /// Throws std::system_error where it cannot be started. Its standard output is read here.
  explicit Worker(examples::Launch launch);

  /// Readable when there is something to read().
  [[nodiscard]] int output_fd() const noexcept { return output_.get(); }
  /// What it has said since the last call. Never waits.
  std::vector<Report> read();
  /// What it said last.
  [[nodiscard]] const Report& last() const noexcept { return last_; }
  /// Whether it has closed its output, and all of it was read.
  [[nodiscard]] bool silent() const noexcept { return !output_; }

  [[nodiscard]] examples::ChildProcess& process() noexcept { return process_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  struct Pipe {
    tenure::os::UniqueFd reading;
    tenure::os::UniqueFd writing;
  };

  static Pipe make_pipe();
  Worker(examples::Launch launch, Pipe pipe);

  std::string name_;
  tenure::os::UniqueFd output_;
  examples::ChildProcess process_;
  std::string unfinished_line_;
  Report last_;
};

}  // namespace digits
