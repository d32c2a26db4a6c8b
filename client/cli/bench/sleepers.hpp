// SPDX-License-Identifier: Apache-2.0
/// Peers that sleep until something comes: how long from before it was sent until the last of them
/// runs, or has all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/channels.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// As many processes on one cpu, each a subscriber of one topic. Threads: one.
class Sleepers {
 public:
  struct Options {
    std::string socket;
    std::string topic;
    std::size_t size_bytes;  // Of its tensor.
    std::size_t count;
    int cpu;
    bool shares_cpu;  // With this process, which then yields while it waits.
    PeerProcess::GoesOn goes_on;
  };

  /// Forks them, then creates the topic. Errors: those of PeerProcess, Channels and Client
  [[nodiscard]] static Result<Sleepers> start(Options options);

  /// A futex wake of all; the limit of measure_topic().
  [[nodiscard]] Result<void> measure_futex(std::uint32_t count, Samples& samples);
  /// publish(); they are in Subscriber::wait().
  [[nodiscard]] Result<void> measure_topic(std::uint32_t count, Samples& samples);
  /// A write to an eventfd that they share, in epoll; the limit of measure_event_loop().
  [[nodiscard]] Result<void> measure_eventfd(std::uint32_t count, Samples& samples);
  /// publish(); they are in epoll with Subscriber::fd().
  [[nodiscard]] Result<void> measure_event_loop(std::uint32_t count, Samples& samples);
  /// A frame by one of the kernel's ways, until it has been read; and by the topic, by copy.
  [[nodiscard]] Result<void> measure_socket(std::uint32_t count, Samples& samples);
  [[nodiscard]] Result<void> measure_pipe(std::uint32_t count, Samples& samples);
  [[nodiscard]] Result<void> measure_queue(std::uint32_t count, Samples& samples);
  [[nodiscard]] Result<void> measure_frame(std::uint32_t count, Samples& samples);
  [[nodiscard]] bool has_queue() const noexcept { return channels_.has_queue(); }

 private:
  using Wake = std::function<Result<void>()>;

  Sleepers(Channels channels,
           std::vector<PeerProcess> peers,
           Publisher publisher,
           std::size_t size_bytes);
  [[nodiscard]] Result<void> measure(Task task,
                                     std::uint32_t count,
                                     const Wake& wake,
                                     Samples& samples);
  [[nodiscard]] Result<void> publish_draft();

  Channels channels_;
  std::vector<PeerProcess> peers_;
  Publisher publisher_;
  std::vector<std::byte> frame_;
  std::optional<Draft> draft_;
};

}  // namespace tenure::cli::bench
