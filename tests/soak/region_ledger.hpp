// SPDX-License-Identifier: Apache-2.0
/// Who says to have which pages, and what they last wrote there: kept beside the broker, so that
/// its word can be checked.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "tests/soak/board.hpp"
#include "tests/soak/shared_memory.hpp"

namespace tenure::soak {

inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kMaxBufferBytes = std::uint64_t{64} << 20U;
inline constexpr std::size_t kMaxPages = kMaxBufferBytes / kPageBytes;
/// Committed: nobody can say what is there, since its writer died half-way.
inline constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

/// What a process does with a page of which it has a map.
enum class Use : std::uint8_t { none, read, write };

/// Page numbers [begin, end) of a buffer.
struct Pages {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The ledger as it lies in shared memory.
struct LedgerPages {
  using Claims = std::array<std::array<std::atomic<std::uint32_t>, kMaxPages>, kMaxBuffers>;
  /// By worker: its life << 8, kWriting, and how many of its maps read. Written by that worker.
  std::array<Claims, kMaxRegionWorkers> claims;
  /// The stamp that the last writer left, 0 at first. Written by who has the page for writing.
  std::array<std::array<std::atomic<std::uint64_t>, kMaxPages>, kMaxBuffers> committed;
};

/// The ledger of one worker's process. Threads: one.
///
/// A page is raised after it was mapped and lowered before it is unmapped, so that two claims which
/// exclude each other are a violation by whoever let both in. Each side first writes its own claim,
/// then reads the others': one of the two sees both. Those of the dead stay: they carry the number
/// of a life, and who kills counts that life as ended before it does.
class RegionLedger {
 public:
  RegionLedger(Board& board, std::size_t worker);

  /// The first conflict, in words; empty: none.
  [[nodiscard]] std::string raise(std::uint32_t buffer, const Pages& pages, Use use);
  void lower(std::uint32_t buffer, const Pages& pages, Use use) noexcept;

  [[nodiscard]] std::atomic<std::uint64_t>& committed(std::uint32_t buffer, std::uint64_t page) {
    return ledger_.committed.at(buffer).at(page);
  }

 private:
  [[nodiscard]] std::atomic<std::uint32_t>& own(std::uint32_t buffer, std::uint64_t page) {
    return ledger_.claims.at(worker_).at(buffer).at(page);
  }
  [[nodiscard]] std::uint32_t own_uses(std::uint32_t buffer, std::uint64_t page);
  [[nodiscard]] std::string find_other(std::uint32_t buffer, std::uint64_t page, Use use) const;

  Board& board_;
  SharedMemory memory_;
  LedgerPages& ledger_;
  std::size_t worker_;
  std::uint32_t life_;
};

}  // namespace tenure::soak
