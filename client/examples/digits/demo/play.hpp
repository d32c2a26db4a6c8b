// SPDX-License-Identifier: Apache-2.0
/// The processes of the demo, the kills in the middle, and what is seen of them.
#pragma once

#include <array>
#include <chrono>
#include <csignal>

#include "client/examples/digits/demo/evaluators.hpp"
#include "client/examples/digits/demo/evidence.hpp"
#include "client/examples/digits/demo/memfds.hpp"
#include "client/examples/digits/demo/preprocessors.hpp"
#include "client/examples/digits/demo/scene.hpp"
#include "client/examples/digits/demo/screen.hpp"
#include "client/examples/digits/demo/worker.hpp"

namespace digits {

/// One run of loader, preprocessors, trainer and evaluators. Destroyed, it kills those that still
/// run. Threads: one.
class Play {
 public:
  /// Starts them. run() gives up when `interrupted` is no longer 0.
  Play(const PlayOptions& options,
       const Screen& screen,
       const volatile std::sig_atomic_t& interrupted);

  /// Plays to the end. Throws std::exception where a process fails or takes too long.
  void run();

  /// Everything but what is left over.
  [[nodiscard]] const Evidence& evidence() const noexcept { return scene_.evidence(); }
  /// What they shared.
  [[nodiscard]] const Inodes& memfds() const noexcept { return memfds_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::array<Worker*, 6> workers() noexcept;
  [[nodiscard]] bool is_silent();
  void check_limits() const;
  void poll_outputs();
  void listen();
  void hear_trainer();
  void kill_whoever_is_due();
  void note_memfds();
  void show_row() const;
  void count();
  void count_batches(Batches& batches);
  void count_samples(Attended& attended) const;

  const volatile std::sig_atomic_t& interrupted_;
  Clock::time_point started_;
  Scene scene_;
  Worker trainer_;
  Evaluators evaluators_;
  Preprocessors preprocessors_;
  Worker loader_;
  Inodes memfds_;
};

}  // namespace digits
