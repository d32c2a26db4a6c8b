// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/samples.hpp"
#include "proto/os/unique_fd.hpp"

namespace tenure::cli::bench {

inline constexpr std::uint32_t kWindow = 64;  // Packets in flight.

/// A process that answers packets as a bare server does, and sleeps between them: what the broker's
/// verbs are compared with. Threads: one at a time.
class EchoServer {
 public:
  struct Options {
    std::string broker;  // Its socket. The server may run on the cpus on which the broker may.
    int cpu;             // Until that is known.
    PeerProcess::GoesOn goes_on;
  };

  /// Forks it. Errors: those of PeerProcess;  too_many, no_memory  as the system says
  [[nodiscard]] static Result<EchoServer> start(const Options& options);

  /// A packet there and one back, each as long as those of a borrow.
  /// Errors: cancelled  the server is gone
  [[nodiscard]] Result<void> measure(std::uint32_t count, Samples& samples);
  /// The same with a memfd that was opened for it, and one page of that mapped; unmapped after the
  /// clock has stopped. Errors: as above;  no_memory
  [[nodiscard]] Result<void> measure_mapping(std::uint32_t count, Samples& samples);
  /// As measure(), but kWindow packets are sent before the first answer is read; the time of each.
  /// Errors: as above
  [[nodiscard]] Result<void> measure_window(std::uint32_t count, Samples& samples);

 private:
  EchoServer(PeerProcess process, os::UniqueFd socket) noexcept;
  [[nodiscard]] Result<void> ask(char kind);
  /// The file descriptor that came with the answer, if one did.
  [[nodiscard]] Result<os::UniqueFd> read_answer();

  PeerProcess process_;
  os::UniqueFd socket_;
};

}  // namespace tenure::cli::bench
