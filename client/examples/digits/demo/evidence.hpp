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

/// A process that is killed while it holds something.
struct Kill {
  std::uint64_t held = 0;  ///< The version of its view, the epoch of its batch; 0: it held nothing.
  bool confirmed = false;  ///< The broker named it as the holder just before.
  examples::Ending ending;
  /// Until the view's slot was free, or somebody else had the batch.
  std::optional<std::chrono::duration<double, std::milli>> reclaimed;
};

/// The batches, as each of those who handle them counts.
struct Batches {
  std::uint64_t loaded = 0;       ///< As the loader says.
  std::uint64_t pushed = 0;       ///< As the broker says: raw,
  std::uint64_t passed_on = 0;    ///< passed on to be trained on,
  std::uint64_t redelivered = 0;  ///< given back by somebody's death.
  std::uint64_t normalised = 0;   ///< As the preprocessors say: passed on,
  std::uint64_t repeated = 0;     ///< and of them taken by somebody else before.
  std::uint64_t trained = 0;      ///< As the trainer says.
};

/// The samples, as the trainer met them; `loaded_` as the loader pushed them.
struct Attended {
  std::uint64_t loaded_epochs = 0;
  std::uint64_t epochs = 0;
  std::uint64_t missing = 0;  ///< This and the next: samples in an epoch, all epochs together.
  std::uint64_t twice = 0;
  std::uint64_t wrong = 0;  ///< Inputs that are not what their pixels give.
  std::uint64_t loaded_checksum = 0;
  std::uint64_t checksum = 0;
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
  Batches batches;
  Attended attended;
  std::uint64_t published_versions = 0;
  std::uint64_t views = 0;
  std::uint64_t torn = 0;
  Kill preprocessor;
  Kill evaluator;
  std::uint64_t versions_while_held = 0;  ///< That were published while the evaluator held its own.
  std::uint64_t versions_after_kills = 0;  ///< After the last one.
  double longest_near_kills_ms = 0.0;      ///< Between two steps of the trainer.
  double longest_elsewhere_ms = 0.0;
  std::uint64_t written_bytes = 0;  ///< Of tensors, into shared memory.
  std::uint64_t read_bytes = 0;     ///< Of tensors, where they lie.
  std::uint64_t control_bytes = 0;  ///< Of packets on the broker's socket, both ways.
  Leftovers leftovers;
};

/// The summary: each statement with whether it is true.
[[nodiscard]] std::vector<Finding> findings(const Evidence& evidence);

}  // namespace digits
