// SPDX-License-Identifier: Apache-2.0
/// What was seen while the demo ran, and what follows from it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/examples/digits/demo/screen.hpp"
#include "client/examples/runner/child_process.hpp"

namespace digits {

/// The evaluator that is killed.
struct Kill {
  std::uint64_t version = 0;  ///< Of the view that it kept.
  std::uint64_t behind = 0;   ///< Newer versions by then.
  bool held = false;          ///< The broker named it as a holder of that version just before.
  examples::Ending ending;
  std::optional<std::chrono::duration<double, std::milli>> reclaimed;  ///< Until it held nothing.
};

/// What is there when everything has ended, and should not be.
struct Leftovers {
  bool a_child = false;
  bool the_directory = false;
  std::string in_the_directory;             ///< Anything but the log; empty: nothing.
  std::size_t memfds = 0;                   ///< That were in use while it ran.
  std::vector<std::string> places;          ///< Where one of them is still open or mapped.
  std::optional<examples::Ending> tenured;  ///< Nothing: it did not end when asked.
};

struct Evidence {
  double accuracy = 0.0;
  std::uint64_t judged_version = 0;  ///< The one of that accuracy.
  std::uint64_t loaded_batches = 0;  ///< As the loader says; the next two: the broker, the trainer.
  std::uint64_t published_batches = 0;
  std::uint64_t trained_batches = 0;
  std::uint64_t missed_batches = 0;
  std::uint64_t published_versions = 0;
  std::uint64_t versions_after_kill = 0;
  std::uint64_t views = 0;
  std::uint64_t torn = 0;
  double longest_near_kill_ms = 0.0;  ///< Between two steps of the trainer.
  double longest_elsewhere_ms = 0.0;
  std::uint64_t published_bytes = 0;  ///< Of tensors.
  std::uint64_t viewed_bytes = 0;     ///< Of tensors.
  std::uint64_t control_bytes = 0;    ///< Of packets on the broker's socket, both ways.
  Kill kill;
  Leftovers leftovers;
};

/// The summary: each statement with whether it is true.
[[nodiscard]] std::vector<Finding> findings(const Evidence& evidence);

}  // namespace digits
