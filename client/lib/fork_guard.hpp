// SPDX-License-Identifier: Apache-2.0
/// Knowing that this process is a forked child, and keeping what must not be inherited from it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::detail {

/// A word that the kernel zeroes in a forked child (MADV_WIPEONFORK): asking costs one load, where
/// getpid would cost a system call (130 ns).
extern const std::atomic<std::uint32_t>* fork_word;

/// Number of this process among its forked ancestors, never 0. Prepares the fork guard when called
/// for the first time in a process. Threads: any.
[[nodiscard]] std::uint32_t fork_generation() noexcept;

/// Whether what was made in `generation` belongs to a parent of this process. Threads: any.
[[nodiscard]] inline bool is_forked(std::uint32_t generation) noexcept {
  // relaxed: changes only by fork, which orders everything. alone: fork.generation
  return fork_word->load(std::memory_order_relaxed) != generation;
}

[[nodiscard]] Error forked_error();

/// Held from recvmsg until the received fds are mapped and closed: a fork waits for it, so that no
/// child inherits a writable fd (without it half of the forks beside a mapping thread did).
[[nodiscard]] std::unique_lock<std::mutex> hold_off_fork();

/// A socket that no forked child keeps: one that is forked closes it at once. Threads: one.
class OwnSocket {
 public:
  /// A socket of that domain and type, or none, with errno set.
  [[nodiscard]] static OwnSocket open(int domain, int type) noexcept;
  OwnSocket() = default;
  OwnSocket(OwnSocket&& other) noexcept;
  OwnSocket& operator=(OwnSocket&& other) noexcept;
  ~OwnSocket();  // Closes it; not in a forked child, where the number may be somebody else's.

  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  OwnSocket(os::UniqueFd fd, std::uint32_t generation) noexcept;
  os::UniqueFd fd_;
  std::uint32_t generation_ = 0;
};

}  // namespace tenure::detail
