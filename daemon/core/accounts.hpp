// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "daemon/core/types.hpp"

namespace tenure::core {

/// Who is charged for what: memory, segments and sessions per uid; file descriptors for all.
///
/// A uid may have half of the budget. Threads: a value.
class Accounts {
 public:
  explicit Accounts(const Limits& limits) : limits_(limits) {}

  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return used_bytes_; }
  [[nodiscard]] std::uint64_t used_fds() const noexcept { return used_fds_; }
  [[nodiscard]] std::uint64_t bytes_of(std::uint32_t uid) const;

  /// Errors: quota, too_many  nothing is charged; `count` is the limit
  [[nodiscard]] Result<void> charge_session(std::uint32_t uid);
  void return_session(std::uint32_t uid);
  [[nodiscard]] Result<void> charge_segment(std::uint32_t uid);
  void return_segment(std::uint32_t uid);

  [[nodiscard]] Result<void> charge_tokens(std::uint32_t uid, std::size_t count);
  void return_tokens(std::uint32_t uid, std::size_t count);

  /// What one life of a segment's memory takes: its memfds, and one for a large schema's text.
  struct Amount {
    std::uint64_t bytes = 0;
    bool has_schema_fd = false;
    std::uint64_t memfds = 3;
  };
  /// Errors: quota     more than half of the budget for this uid, or more than is left of it
  ///         too_many  no file descriptors left
  [[nodiscard]] Result<void> charge_memory(MemoryId memory, std::uint32_t uid, Amount amount);
  /// From now on it is `uid` that keeps it, over its limit if need be.
  void move_memory(MemoryId memory, std::uint32_t uid);
  void return_memory(MemoryId memory);

 private:
  struct Account {
    std::uint64_t bytes = 0;
    std::uint32_t segments = 0;
    std::uint32_t sessions = 0;
    std::size_t tokens = 0;
  };
  struct Charge {
    std::uint32_t uid;
    std::uint64_t bytes;
    std::uint64_t fds;
  };
  [[nodiscard]] Result<void> take_fds(std::uint64_t count);
  void drop_if_empty(std::uint32_t uid);

  Limits limits_;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t used_fds_ = 0;
  std::map<std::uint32_t, Account> accounts_;
  std::map<MemoryId, Charge> memories_;
};

}  // namespace tenure::core
