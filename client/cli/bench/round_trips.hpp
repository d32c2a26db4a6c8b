// SPDX-License-Identifier: Apache-2.0
/// Messages handed to a peer and back, by whatever has two ends: prepare() and send(), try_see()
/// and let_go(), wait(). See TopicPair.
#pragma once

#include <cstdint>
#include <utility>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/limits.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// Half of a round trip: from before the first byte is written until the answer has been read. The
/// peer does `task`, which is echo(). Errors: those of PeerProcess and Ends
template <class Ends>
[[nodiscard]] Result<void> measure_round_trip(
    PeerProcess& peer, Task task, Ends& ends, std::uint32_t count, Samples& samples) {
  peer.begin(task, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (auto prepared = ends.prepare(); !prepared) {
      return prepared;
    }
    const auto begun = sync::monotonic_now();
    if (auto sent = ends.send(static_cast<std::uint8_t>(i)); !sent) {
      return sent;
    }
    Result<bool> seen = false;
    auto came = peer.spin_until([&] {
      seen = ends.try_see();
      return !seen || *seen;
    });
    samples.add(sync::monotonic_now() - begun, 2);
    if (!came || !seen) {
      return came ? Result<void>(std::move(seen).error()) : came;
    }
    if (auto released = ends.let_go(); !released) {
      return released;
    }
  }
  return peer.await_done();
}

/// The peer's half.
template <class Ends>
[[nodiscard]] Result<void> echo(Ends& ends, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (auto prepared = ends.prepare(); !prepared) {
      return prepared;
    }
    auto seen = ends.try_see();
    while (seen && !*seen) {
      seen = ends.try_see();
    }
    if (!seen) {
      return std::move(seen).error();
    }
    auto sent = ends.send(static_cast<std::uint8_t>(i));
    if (auto released = sent ? ends.let_go() : sent; !released) {
      return released;
    }
  }
  return {};
}

/// From before it is sent until the peer that slept in wait() runs. The peer does `task`, which is
/// sleep_on(). Errors: those of PeerProcess and Ends
template <class Ends>
[[nodiscard]] Result<void> measure_wake(
    PeerProcess& peer, Task task, Ends& ends, std::uint32_t count, Samples& samples) {
  // relaxed: the peer writes it only while a sleeping task is under way.
  std::uint64_t number = peer.board().asleep.load(std::memory_order_relaxed);
  peer.begin(task, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (auto prepared = ends.prepare(); !prepared) {
      return prepared;
    }
    if (auto asleep = await_sleep(peer, ++number); !asleep) {
      return asleep;
    }
    const auto begun = sync::monotonic_now();
    if (auto sent = ends.send(static_cast<std::uint8_t>(i)); !sent) {
      return sent;
    }
    auto time = time_to_wake(peer, number, begun);
    if (!time) {
      return std::move(time).error();
    }
    samples.add(*time);
  }
  return peer.await_done();
}

/// The peer's half.
template <class Ends>
[[nodiscard]] Result<void> sleep_on(Board& board, Ends& ends, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    announce_sleep(board);
    if (auto woke = ends.wait(); !woke) {
      return woke;
    }
    announce_waking(board);
    if (auto seen = ends.try_see(); !seen) {
      return std::move(seen).error();
    }
    if (auto released = ends.let_go(); !released) {
      return released;
    }
  }
  return {};
}

}  // namespace tenure::cli::bench
