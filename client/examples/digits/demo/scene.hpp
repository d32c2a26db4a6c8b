// SPDX-License-Identifier: Apache-2.0
/// What the parts of the play have in common: programs to start, a broker to ask, evidence to give.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "client/examples/digits/demo/evidence.hpp"
#include "client/examples/digits/demo/screen.hpp"
#include "client/examples/digits/demo/worker.hpp"

namespace digits {

struct PlayOptions {
  std::string socket;            ///< Of the broker.
  std::filesystem::path folder;  ///< Of digits_loader, digits_preprocessor and so on.
  std::uint64_t epochs = 30;
  std::uint64_t pace_ms = 6;     ///< Between two batches, so that there is something to watch.
  std::uint64_t hold_epoch = 6;  ///< The epoch of the batch that the killed preprocessor keeps.
  std::uint64_t hold_at = 60;    ///< The version of weights that the killed evaluator keeps.
};

/// Threads: one.
class Scene {
 public:
  /// Connects, and declares queue and topic: they live until it was counted what happened on them.
  Scene(const PlayOptions& options, const Screen& screen);

  [[nodiscard]] const PlayOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Screen& screen() const noexcept { return screen_; }
  [[nodiscard]] tenure::Client& broker() noexcept { return broker_; }
  [[nodiscard]] Evidence& evidence() noexcept { return evidence_; }
  [[nodiscard]] const Evidence& evidence() const noexcept { return evidence_; }

  /// Starts one of the programs, with the broker's socket.
  [[nodiscard]] Worker start(const std::string& program,
                             std::vector<std::string> arguments = {}) const;
  /// Kills `victim` with SIGKILL, and takes the time until what it held `is_reclaimed`.
  void kill(Worker& victim, Kill& kill, const std::function<bool()>& is_reclaimed);
  /// Whether that was a moment ago.
  [[nodiscard]] bool near_kill() const;

 private:
  using Clock = std::chrono::steady_clock;

  const PlayOptions& options_;
  const Screen& screen_;
  tenure::Client broker_;
  Evidence evidence_;
  std::optional<Clock::time_point> killed_at_;
};

}  // namespace digits
