// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/core/buffer.hpp"
#include "daemon/shm/buffer_memory.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::io {

/// The pieces that an attach is answered with, and their file descriptors: as many as fit a packet.
/// Threads: one.
class PieceList {
 public:
  PieceList(const core::Buffer& buffer, shm::BufferMemory& memory)
      : buffer_(buffer), memory_(memory) {}

  /// Errors: those of opening a grain
  [[nodiscard]] Result<void> add(const core::TokenTable::Access& run);
  [[nodiscard]] bool is_full() const noexcept { return is_full_; }
  [[nodiscard]] std::vector<wire::Piece> take_pieces() { return std::move(pieces_); }
  [[nodiscard]] std::vector<shm::SharedFd> take_fds() { return std::move(fds_); }

 private:
  // Of the grain's file descriptor with that right; none: it has no place any more.
  [[nodiscard]] Result<std::optional<std::uint32_t>> position_of(std::uint64_t grain,
                                                                 bool is_writable);
  void add(const core::TokenTable::Access& run, std::uint64_t grain, std::uint32_t fd);

  const core::Buffer& buffer_;
  shm::BufferMemory& memory_;
  std::vector<wire::Piece> pieces_;
  std::vector<shm::SharedFd> fds_;
  std::map<std::pair<std::uint64_t, bool>, std::uint32_t> positions_;  // Of grain and right.
  bool is_full_ = false;
};

}  // namespace tenure::io
