// SPDX-License-Identifier: Apache-2.0
/// What the machine itself can do, measured without any of Tenure's code on the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/samples.hpp"
#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {

/// A cache line with 56 bytes of payload handed to the peer and one handed back; half of the time
/// of each round trip. Errors: those of PeerProcess
[[nodiscard]] Result<void> measure_line(PeerProcess& peer, std::uint32_t count, Samples& samples);
/// The peer's half.
void echo_line(Board& board, std::uint32_t count);

/// From before the store until the sleeping peer runs. Errors: those of PeerProcess
[[nodiscard]] Result<void> measure_futex(PeerProcess& peer, std::uint32_t count, Samples& samples);
/// The peer's half.
void sleep_on_futex(Board& board, const sync::FutexWord& word, std::uint32_t count);

/// Waits until the peer has announced its sleep number `number`, and has had the time to fall
/// asleep. Errors: those of PeerProcess
[[nodiscard]] Result<void> await_sleep(PeerProcess& peer, std::uint64_t number);
/// In the peer, before and after it sleeps.
void announce_sleep(Board& board);
void announce_waking(Board& board);
/// Waits until the peer has woken from sleep number `number`; the time from `since` until then.
[[nodiscard]] Result<std::chrono::nanoseconds> time_to_wake(PeerProcess& peer,
                                                            std::uint64_t number,
                                                            std::chrono::nanoseconds since);

/// memcpy from one buffer into `destinations` others in turn, all of them touched before.
class CopyLimit {
 public:
  /// Errors: no_memory
  [[nodiscard]] static Result<CopyLimit> make(std::size_t size_bytes, std::size_t destinations);
  CopyLimit(CopyLimit&& other) noexcept;
  CopyLimit& operator=(CopyLimit&& other) = delete;
  ~CopyLimit();

  void measure(const std::vector<std::byte>& source, std::uint32_t count, Samples& samples);

 private:
  CopyLimit(std::byte* memory, std::size_t size_bytes, std::size_t destinations) noexcept;
  std::byte* memory_;
  std::size_t size_bytes_;
  std::size_t destinations_;
  std::size_t next_ = 0;
};

}  // namespace tenure::cli::bench
