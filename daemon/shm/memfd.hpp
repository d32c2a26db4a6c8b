// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tenure/result.hpp>

#include "daemon/shm/writer_check.hpp"
#include "proto/os/mapping.hpp"
#include "proto/os/unique_fd.hpp"

namespace tenure::shm {

/// An fd that packets under way and open roles keep alive together.
using SharedFd = std::shared_ptr<const os::UniqueFd>;

struct NewMemfd;

/// One piece of memory: sized, reserved, sealed against resizing, 0600. The broker keeps a
/// read-only fd of it that it never sends. Threads: one at a time.
class Memfd {
 public:
  Memfd() = default;

  /// Makes and reserves `size_bytes`, whole pages.
  ///
  /// Errors: no_memory  the system has not that much;  too_many  file descriptors
  [[nodiscard]] static Result<NewMemfd> make(const std::string& label, std::uint64_t size_bytes);

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

  /// The read-only fd that all readers share; made when nobody has it.
  /// Errors: too_many  file descriptors;  held  a lease of somebody else is in the way
  [[nodiscard]] Result<SharedFd> share_read_only();
  /// A read-write fd of its own. Errors: as above
  [[nodiscard]] Result<SharedFd> open_read_write() const;
  /// Whether anybody has it open or mapped read-write, or an fd for that is under way. Counts the
  /// broker's own open_read_write(), not its first mapping.
  [[nodiscard]] Writers writers() const noexcept;
  [[nodiscard]] Result<os::Mapping> map_read_only() const;
  /// Gives all pages back; whoever still maps it sees zeros.
  void punch_out() const noexcept;

 private:
  std::uint64_t size_bytes_ = 0;
  os::UniqueFd rest_;
  std::weak_ptr<const os::UniqueFd> readers_;
};

/// The memory, and the only read-write mapping of it that the writer check does not count.
struct NewMemfd {
  Memfd memfd;
  os::Mapping mapping;
};

}  // namespace tenure::shm
