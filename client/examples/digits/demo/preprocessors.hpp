// SPDX-License-Identifier: Apache-2.0
/// The two who normalise: one of them is killed in the middle of a batch.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "client/examples/digits/demo/scene.hpp"
#include "client/examples/digits/demo/worker.hpp"

namespace digits {

/// Threads: one.
class Preprocessors {
 public:
  /// Starts both. The scene outlives this.
  explicit Preprocessors(Scene& scene);

  [[nodiscard]] std::array<Worker*, 2> workers() noexcept;
  /// Takes note of what they have said.
  void hear();
  /// Whether one has held its batch for long enough to be killed.
  [[nodiscard]] bool is_kill_due() const;
  /// Kills it; another one takes its place.
  void replace();
  /// What both have done, for a row of the screen.
  [[nodiscard]] std::string column() const;
  /// Adds what they have said of themselves to the evidence. Once, at the end.
  void testify();

 private:
  [[nodiscard]] bool has_batch(pid_t holder);
  [[nodiscard]] bool is_delivered_again(pid_t holder);
  void testify_for(const Worker& worker);

  Scene& scene_;
  Worker steady_;  // Works from the beginning to the end.
  Worker mortal_;  // Is killed in the middle of a batch, and replaced.
  std::optional<std::chrono::steady_clock::time_point> held_since_;
};

}  // namespace digits
