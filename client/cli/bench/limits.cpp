// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/limits.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proto/sync/futex.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

// Longer than a library or the kernel spins before it sleeps; short enough that the cpu stays warm.
constexpr std::chrono::nanoseconds kFallAsleep = 100us;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

void write_line(Line& line, std::uint64_t number) {
  for (auto& word : line.payload) {
    word.store(number, std::memory_order_relaxed);  // relaxed: published by `sequence` below.
  }
  // release: the payload is there. pairs: bench.line
  line.sequence.store(number, std::memory_order_release);
}

bool has_arrived(const Line& line, std::uint64_t number) {
  // acquire: the payload is there. pairs: bench.line
  return line.sequence.load(std::memory_order_acquire) == number;
}

// Returns whether the payload is what was sent, so that reading it cannot be left out.
bool read_line(const Line& line, std::uint64_t number) {
  bool is_right = true;
  for (const auto& word : line.payload) {
    // relaxed: after has_arrived(), and nobody writes until it is answered.
    is_right &= word.load(std::memory_order_relaxed) == number;
  }
  return is_right;
}

std::size_t region_bytes(std::size_t bytes) {
  return (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

}  // namespace

Result<void> measure_line(PeerProcess& peer, std::uint32_t count, Samples& samples) {
  Board& board = peer.board();
  // relaxed: only this process writes it.
  std::uint64_t number = board.ping.sequence.load(std::memory_order_relaxed);
  peer.begin(Task::echo_line, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ++number;
    const auto sent = sync::monotonic_now();
    write_line(board.ping, number);
    if (auto came = peer.spin_until([&] { return has_arrived(board.pong, number); }); !came) {
      return came;
    }
    if (!read_line(board.pong, number)) {
      return Error{.code = Errc::corrupt, .detail = "a line came back with another payload"};
    }
    samples.add(sync::monotonic_now() - sent, 2);
  }
  return peer.await_done();
}

void echo_line(Board& board, std::uint32_t count) {
  // relaxed: only this process writes it.
  std::uint64_t number = board.pong.sequence.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i) {
    ++number;
    while (!has_arrived(board.ping, number)) {
    }
    write_line(board.pong, read_line(board.ping, number) ? number : 0);
  }
}

Result<void> await_sleep(PeerProcess& peer, std::uint64_t number) {
  auto announced = peer.spin_until([&] {
    // acquire: the peer has left what it did before. pairs: bench.asleep
    return peer.board().asleep.load(std::memory_order_acquire) == number;
  });
  if (!announced) {
    return announced;
  }
  const auto until = sync::monotonic_now() + kFallAsleep;
  return peer.spin_until([&] { return sync::monotonic_now() >= until; });
}

void announce_sleep(Board& board) {
  // release: what was done before is visible; only this process writes it. pairs: bench.asleep
  board.asleep.fetch_add(1, std::memory_order_release);
}

void announce_waking(Board& board) {
  // relaxed: published by `woke` below.
  board.woke_at_ns.store(sync::monotonic_now().count(), std::memory_order_relaxed);
  // release: the time is there; only this process writes it. pairs: bench.woke
  board.woke.fetch_add(1, std::memory_order_release);
}

Result<std::chrono::nanoseconds> time_to_wake(PeerProcess& peer,
                                              std::uint64_t number,
                                              std::chrono::nanoseconds since) {
  auto woke = peer.spin_until([&] {
    // acquire: the time is there. pairs: bench.woke
    return peer.board().woke.load(std::memory_order_acquire) == number;
  });
  if (!woke) {
    return std::move(woke).error();
  }
  // relaxed: after `woke`; the peer does not wake again before it is rung again.
  return std::chrono::nanoseconds(peer.board().woke_at_ns.load(std::memory_order_relaxed)) - since;
}

Result<void> measure_futex(PeerProcess& peer, std::uint32_t count, Samples& samples) {
  Board& board = peer.board();
  // relaxed: the peer writes it only while a sleeping task is under way.
  std::uint64_t number = board.asleep.load(std::memory_order_relaxed);
  peer.begin(Task::sleep_futex, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (auto asleep = await_sleep(peer, ++number); !asleep) {
      return asleep;
    }
    const auto rung = sync::monotonic_now();
    // release: as a publisher's store would be. pairs: bench.word
    board.word.fetch_add(1, std::memory_order_release);
    sync::futex_wake_all(board.word);
    auto time = time_to_wake(peer, number, rung);
    if (!time) {
      return std::move(time).error();
    }
    samples.add(*time);
  }
  return peer.await_done();
}

void sleep_on_futex(Board& board, const sync::FutexWord& word, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    // relaxed: only the other side raises it, and only after the announcement below.
    const std::uint32_t before = word.load(std::memory_order_relaxed);
    announce_sleep(board);
    // acquire: as a reader's load would be. pairs: bench.word
    while (word.load(std::memory_order_acquire) == before) {
      sync::futex_wait(word, before, sync::kNever);
    }
    announce_waking(board);
  }
}

CopyLimit::CopyLimit(std::byte* memory, std::size_t size_bytes, std::size_t destinations) noexcept
    : memory_(memory), size_bytes_(size_bytes), destinations_(destinations) {
}

CopyLimit::CopyLimit(CopyLimit&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_bytes_(other.size_bytes_),
      destinations_(other.destinations_) {
}

Result<CopyLimit> CopyLimit::make(std::size_t size_bytes, std::size_t destinations) {
  const std::size_t bytes = region_bytes(size_bytes * destinations);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Error{.code = Errc::no_memory, .sys_errno = errno, .detail = std::strerror(errno)};
  }
  // The best that the machine has for it; where it refuses, small pages are what there is.
  ::madvise(memory, bytes, MADV_HUGEPAGE);
  std::memset(memory, 1, bytes);
  return CopyLimit(static_cast<std::byte*>(memory), size_bytes, destinations);
}

CopyLimit::~CopyLimit() {
  if (memory_ != nullptr) {
    ::munmap(memory_, region_bytes(size_bytes_ * destinations_));
  }
}

void CopyLimit::measure(const std::vector<std::byte>& source,
                        std::uint32_t count,
                        Samples& samples) {
  for (std::uint32_t i = 0; i < count; ++i) {
    std::byte* to = memory_ + next_ * size_bytes_;
    next_ = (next_ + 1) % destinations_;
    const auto begun = sync::monotonic_now();
    std::memcpy(to, source.data(), size_bytes_);
    // The copy may not be moved past the clock, nor left out.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    samples.add(sync::monotonic_now() - begun);
  }
}

}  // namespace tenure::cli::bench
