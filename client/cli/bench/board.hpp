// SPDX-License-Identifier: Apache-2.0
/// Memory that the two processes of a measurement share, and the peer process itself.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include <tenure/result.hpp>

#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {

inline constexpr std::size_t kLineBytes = 64;
inline constexpr std::size_t kPayloadWords = 7;

/// What the peer is told to do, `Board::count` times.
enum class Task : std::uint32_t {
  none,
  echo_line,
  echo_topic,
  sleep_futex,
  sleep_topic,
  poll_eventfd,
  poll_topic,
  read_socket,
  read_pipe,
  read_queue,
  echo_queue,
  sleep_queue,
  carry_by_queue,
  carry_by_ring,
  carry_by_socket,
  carry_by_mqueue,
  carry_by_boost,
  stop
};

/// One cache line: the payload, and the number that says that it is there.
struct alignas(kLineBytes) Line {
  std::atomic<std::uint64_t> sequence{0};
  std::array<std::atomic<std::uint64_t>, kPayloadWords> payload{};
};

/// Each on lines of its own: nothing is shared by accident.
struct Board {
  Line ping;                                                 // Written here, read by the peer.
  Line pong;                                                 // Written by the peer.
  alignas(kLineBytes) std::atomic<std::uint32_t> word{0};    // Slept on.
  alignas(kLineBytes) std::atomic<std::uint64_t> asleep{0};  // The peer is about to sleep.
  alignas(kLineBytes) std::atomic<std::uint64_t> woke{0};    // How often it woke; then, when:
  std::atomic<std::int64_t> woke_at_ns{0};                   // CLOCK_MONOTONIC.
  alignas(kLineBytes) sync::FutexWord turn{0};               // Goes up with every task.
  std::atomic<std::uint32_t> task{0};
  std::atomic<std::uint32_t> count{0};
  alignas(kLineBytes) sync::FutexWord done{0};  // The last turn that the peer ended.
  std::atomic<std::uint32_t> has_failed{0};
  std::array<char, 256> failure{};  // Written before has_failed.
};

/// A forked process on a cpu of its own that does one task after the other. It dies with this one.
/// Threads: one at a time.
class PeerProcess {
 public:
  using Body = std::function<Result<void>(Board&)>;

  /// Asked from time to time while this side waits: whether to go on.
  using GoesOn = std::function<bool()>;

  /// `body` runs in the child, pinned to `cpu`, and returns at the end. Fork before connecting.
  /// Errors: no_memory, too_many  as the system says
  [[nodiscard]] static Result<PeerProcess> start(int cpu, const Body& body, GoesOn goes_on);
  PeerProcess(PeerProcess&& other) noexcept;
  PeerProcess& operator=(PeerProcess&& other) = delete;
  ~PeerProcess();  // Kills and reaps it.

  [[nodiscard]] Board& board() noexcept { return *board_; }
  void begin(Task task, std::uint32_t count) noexcept;
  /// For a peer on the cpu of this process, which would otherwise keep it from running.
  void yield_while_waiting() noexcept { yields_ = true; }
  /// Waits until the task that was begun is done. Errors: those of check()
  [[nodiscard]] Result<void> await_done();
  /// The same two for a peer in serve_asleep(): nobody is busy.
  void begin_asleep(Task task, std::uint32_t count) noexcept;
  [[nodiscard]] Result<void> await_done_asleep();
  /// Busy until `is_so`. Errors: those of check()
  template <class Condition>
  [[nodiscard]] Result<void> spin_until(Condition&& is_so) {
    constexpr std::uint32_t kLooksPerCheck = 1U << 16U;
    std::chrono::steady_clock::time_point
        begun;  // Set late: a look at the clock would be measured.
    for (std::uint32_t looks = 1; !is_so(); ++looks) {
      if (yields_) {
        ::sched_yield();
      }
      if (looks % kLooksPerCheck == 0) {
        begun = looks == kLooksPerCheck ? std::chrono::steady_clock::now() : begun;
        if (auto alive = check(begun); !alive) {
          return alive;
        }
      }
    }
    return {};
  }

 private:
  PeerProcess(Board* board, pid_t pid, GoesOn goes_on) noexcept;
  /// Errors: cancelled  the peer failed or is dead, or this side is not to go on
  ///         timed_out  half a minute has passed since `begun`
  [[nodiscard]] Result<void> check(std::chrono::steady_clock::time_point begun);

  Board* board_;
  pid_t pid_;
  GoesOn goes_on_;
  bool yields_ = false;
};

using Handle = std::function<Result<void>(Task task, std::uint32_t count)>;

/// In the peer: does what it is told until it is told to stop. `handle` does one task.
[[nodiscard]] Result<void> serve(Board& board, const Handle& handle);
/// The same, asleep between the tasks, so that many peers are in nobody's way.
[[nodiscard]] Result<void> serve_asleep(Board& board, const Handle& handle);

}  // namespace tenure::cli::bench
