// SPDX-License-Identifier: Apache-2.0
/// The processes of the demo, the kill in the middle, and what is seen of them.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "client/examples/digits/demo/evidence.hpp"
#include "client/examples/digits/demo/memfds.hpp"
#include "client/examples/digits/demo/screen.hpp"
#include "client/examples/digits/demo/worker.hpp"

namespace digits {

struct PlayOptions {
  std::string socket;            ///< Of the broker.
  std::filesystem::path folder;  ///< Of digits_loader, digits_trainer, digits_evaluator.
  std::uint64_t epochs = 30;
  std::uint64_t pace_ms = 6;   ///< Between two batches, so that there is something to watch.
  std::uint64_t hold_at = 60;  ///< The version of weights that the killed evaluator keeps.
};

/// One run of loader, trainer and evaluators. Destroyed, it kills those that still run.
/// Threads: one.
class Play {
 public:
  /// Starts them. run() gives up when `interrupted` is no longer 0.
  Play(const PlayOptions& options,
       const Screen& screen,
       const volatile std::sig_atomic_t& interrupted);

  /// Plays to the end. Throws std::exception where a process fails or takes too long.
  void run();

  /// Everything but what is left over.
  [[nodiscard]] const Evidence& evidence() const noexcept { return evidence_; }
  /// What they shared.
  [[nodiscard]] const Inodes& memfds() const noexcept { return memfds_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Worker start(const std::string& program, std::vector<std::string> arguments) const;
  // One of the two evaluators, and what it has said last of its judging.
  struct Judge {
    Worker worker;
    Report judged = {};
  };

  [[nodiscard]] bool is_silent() const;
  void listen();
  void poll_outputs();
  void hear_trainer();
  void hear(Judge& judge);
  void replace_evaluator();
  void kill_evaluator();
  void await_reclaim(pid_t holder, Clock::time_point killed);
  [[nodiscard]] bool holds_view(pid_t holder);
  void add_judged(Judge& judge);
  [[nodiscard]] std::string column(const Judge& judge) const;
  void show_row() const;
  void count();

  [[nodiscard]] std::chrono::milliseconds elapsed() const;

  const PlayOptions& options_;
  const Screen& screen_;
  const volatile std::sig_atomic_t& interrupted_;
  Clock::time_point started_;
  tenure::Client client_;
  Worker trainer_;
  Judge steady_;  // Judges from the beginning to the end.
  Judge mortal_;  // Is killed in the middle of a view, and replaced.
  Worker loader_;
  Evidence evidence_;
  Inodes memfds_;
  std::optional<Clock::time_point> killed_at_;
};

}  // namespace digits
