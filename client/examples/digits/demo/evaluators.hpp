// SPDX-License-Identifier: Apache-2.0
/// The two who judge: one of them is killed in the middle of a view.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "client/examples/digits/demo/scene.hpp"
#include "client/examples/digits/demo/worker.hpp"

namespace digits {

/// Threads: one.
class Evaluators {
 public:
  /// Starts both. The scene outlives this.
  explicit Evaluators(Scene& scene);

  [[nodiscard]] std::array<Worker*, 2> workers() noexcept;
  /// Takes note of what they have said.
  void hear();
  /// Whether one has held its view for long enough to be killed: `newest` is the newest version.
  [[nodiscard]] bool is_kill_due(std::uint64_t newest) const;
  /// Whether one holds its view.
  [[nodiscard]] bool is_held() const;
  /// Kills it; another one takes its place.
  void replace(std::uint64_t newest);
  /// What both see, for a row of the screen.
  [[nodiscard]] std::string columns(std::uint64_t newest) const;
  /// Adds what they have said of themselves to the evidence. Once, at the end.
  void testify();

 private:
  // One of the two, and what it has said last of its judging.
  struct Judge {
    Worker worker;
    Report judged = {};
  };

  void hear(Judge& judge);
  [[nodiscard]] bool has_view(pid_t holder);
  [[nodiscard]] bool is_gone(pid_t holder);
  void testify_for(Judge& judge);

  Scene& scene_;
  Judge steady_;  // Judges from the beginning to the end.
  Judge mortal_;  // Is killed in the middle of a view, and replaced.
};

}  // namespace digits
