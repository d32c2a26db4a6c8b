// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/accounts.hpp"

#include <string>

namespace tenure::core {
namespace {

// A session: socket, pidfd. A memory: a read-only fd of each memfd at rest, two more that readers
// share.
constexpr std::uint64_t kFdsPerSession = 2;
constexpr std::uint64_t kSharedFds = 2;

Error quota_error(std::uint64_t limit, std::string detail, const char* hint) {
  return {.code = Errc::quota, .count = limit, .detail = std::move(detail), .hint = hint};
}

std::string all_allowed(const char* what, std::uint32_t uid, std::uint64_t limit) {
  return std::to_string(limit) + " " + what + " of uid " + std::to_string(uid) +
         " are all that is allowed";
}

Error bytes_error(const std::string& whose,
                  std::uint64_t asked,
                  std::uint64_t used,
                  std::uint64_t limit) {
  return quota_error(limit,
                     std::to_string(asked) + " bytes asked for, " + std::to_string(used) + " of " +
                         std::to_string(limit) + " in use " + whose,
                     "remove segments, or raise the broker's --budget");
}

}  // namespace

std::uint64_t Accounts::bytes_of(std::uint32_t uid) const {
  const auto found = accounts_.find(uid);
  return found == accounts_.end() ? 0 : found->second.bytes;
}

Result<void> Accounts::charge_session(std::uint32_t uid) {
  const auto found = accounts_.find(uid);
  if (found != accounts_.end() && found->second.sessions >= limits_.sessions_per_uid) {
    return quota_error(limits_.sessions_per_uid,
                       all_allowed("sessions", uid, limits_.sessions_per_uid),
                       "end some: one per process is enough");
  }
  if (auto taken = take_fds(kFdsPerSession); !taken) {
    return taken;
  }
  ++accounts_[uid].sessions;
  return {};
}

void Accounts::return_session(std::uint32_t uid) {
  --accounts_[uid].sessions;
  used_fds_ -= kFdsPerSession;
  drop_if_empty(uid);
}

Result<void> Accounts::charge_segment(std::uint32_t uid) {
  const auto found = accounts_.find(uid);
  if (found != accounts_.end() && found->second.segments >= limits_.segments_per_uid) {
    return quota_error(limits_.segments_per_uid,
                       all_allowed("segments", uid, limits_.segments_per_uid),
                       "remove some");
  }
  ++accounts_[uid].segments;
  return {};
}

void Accounts::return_segment(std::uint32_t uid) {
  --accounts_[uid].segments;
  drop_if_empty(uid);
}

Result<void> Accounts::charge_tokens(std::uint32_t uid, std::size_t count) {
  const auto found = accounts_.find(uid);
  const std::size_t used = found == accounts_.end() ? 0 : found->second.tokens;
  if (count > limits_.tokens_per_uid || used > limits_.tokens_per_uid - count) {
    return quota_error(
        limits_.tokens_per_uid,
        all_allowed("tokens", uid, limits_.tokens_per_uid) + "; it has " + std::to_string(used),
        "release some");
  }
  accounts_[uid].tokens += count;
  return {};
}

void Accounts::return_tokens(std::uint32_t uid, std::size_t count) {
  accounts_[uid].tokens -= count;
  drop_if_empty(uid);
}

Result<void> Accounts::charge_memory(MemoryId memory, std::uint32_t uid, Amount amount) {
  const auto [bytes, has_schema_fd, memfds] = amount;
  const std::uint64_t used = bytes_of(uid);
  const std::uint64_t share = limits_.budget_bytes / 2;
  if (bytes > share || used > share - bytes) {
    return bytes_error("by uid " + std::to_string(uid) + ", which may have half of the budget",
                       bytes,
                       used,
                       share);
  }
  if (bytes > limits_.budget_bytes || used_bytes_ > limits_.budget_bytes - bytes) {
    return bytes_error("by everybody", bytes, used_bytes_, limits_.budget_bytes);
  }
  const std::uint64_t fds = memfds + kSharedFds + (has_schema_fd ? 1 : 0);
  if (auto taken = take_fds(fds); !taken) {
    return taken;
  }
  accounts_[uid].bytes += bytes;
  used_bytes_ += bytes;
  memories_[memory] = {.uid = uid, .bytes = bytes, .fds = fds};
  return {};
}

void Accounts::move_memory(MemoryId memory, std::uint32_t uid) {
  const auto found = memories_.find(memory);
  if (found == memories_.end() || found->second.uid == uid) {
    return;
  }
  const std::uint32_t before = found->second.uid;
  accounts_[before].bytes -= found->second.bytes;
  accounts_[uid].bytes += found->second.bytes;
  found->second.uid = uid;
  drop_if_empty(before);
}

void Accounts::return_memory(MemoryId memory) {
  const auto found = memories_.find(memory);
  if (found == memories_.end()) {
    return;
  }
  const Charge charge = found->second;
  memories_.erase(found);
  accounts_[charge.uid].bytes -= charge.bytes;
  used_bytes_ -= charge.bytes;
  used_fds_ -= charge.fds;
  drop_if_empty(charge.uid);
}

Result<void> Accounts::take_fds(std::uint64_t count) {
  if (count > limits_.fds || used_fds_ > limits_.fds - count) {
    return Error{.code = Errc::too_many,
                 .count = limits_.fds,
                 .detail = std::to_string(used_fds_) + " of " + std::to_string(limits_.fds) +
                           " file descriptors of the broker are in use",
                 .hint = "raise its RLIMIT_NOFILE"};
  }
  used_fds_ += count;
  return {};
}

void Accounts::drop_if_empty(std::uint32_t uid) {
  const auto found = accounts_.find(uid);
  if (found != accounts_.end() && found->second.bytes == 0 && found->second.segments == 0 &&
      found->second.sessions == 0 && found->second.tokens == 0) {
    accounts_.erase(found);
  }
}

}  // namespace tenure::core
