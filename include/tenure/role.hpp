// SPDX-License-Identifier: Apache-2.0
/// What the data roles share, and the terms under which a segment exists.
#pragma once

#include <cstdint>
#include <optional>

#include <tenure/result.hpp>
#include <tenure/wait.hpp>

namespace tenure {

namespace detail {
class RoleState;
struct RoleAccess;
}  // namespace detail

/// One way of taking part in a segment: publisher, subscriber, producer, consumer.
///
/// Move-only; it keeps its memory and its session alive. Threads: one at a time.
/// In a forked child every call answers `forked`; reopen() works there.
class Role {
 public:
  /// Waits until the next verb need not wait: a subscriber until there is a version that it has not
  /// seen, a publisher or producer until a slot is free, a consumer until there is a bundle; these
  /// two also until the queue has ended, which their next verb says. A busy wait of at most 20 us
  /// comes first.
  ///
  /// Errors: empty, full  kNoWait, and it would have to wait;  timed_out  waited in vain
  ///         cancelled    Client::interrupt();  broker_gone  said once, then waiting goes on
  ///         superseded, stale, forked  open again
  [[nodiscard]] Result<void> wait(Timeout timeout = kForever);

  /// A pollable file descriptor, readable when the next verb need not wait. The role closes it (an
  /// Asio descriptor must release() it). The rule: read until `empty` (who writes: draft until
  /// `full`), or wait(kNoWait) refuses, then poll: that call has re-armed the descriptor.
  ///
  /// Errors: unsupported  with Access::observe: use a timer
  ///         too_many     no file descriptor or thread to be had
  ///         superseded, stale, forked  open again
  [[nodiscard]] Result<int> fd();

  /// Opens the same name again, as it is now; waits for it to exist. What was read before stays
  /// readable; an fd() must be asked for anew. Errors: those of opening; the role is left as it
  /// was.
  [[nodiscard]] Result<void> reopen(Timeout timeout = kNoWait);

 protected:
  friend struct detail::RoleAccess;
  explicit Role(detail::RoleState* state) noexcept;
  Role(Role&& other) noexcept;
  Role& operator=(Role&& other) noexcept;
  ~Role();

  [[nodiscard]] static Error empty_handle();

  detail::RoleState* state_ = nullptr;  // Counted. Empty: moved from.
};

/// How to open a role.
struct OpenOptions {
  Timeout timeout = kNoWait;  ///< Waits until the name exists (and, publisher: is free).
};

/// session: the segment lives while a creator or a user does; persistent: until it is removed.
enum class Lifetime : std::uint8_t { session, persistent };

/// huge: memory of 2 MiB pages where it is large enough; small: no time is spent on that.
enum class Pages : std::uint8_t { huge, small };

/// Under which terms a segment exists.
struct Terms {
  Lifetime lifetime = Lifetime::session;
  Pages pages = Pages::huge;
  std::uint32_t mode = 0700;  ///< Like a file's: r read, x hold, w write; for owner, group, others.
  std::optional<std::uint32_t> gid = {};  ///< The group; default: the creator's.

  friend bool operator==(const Terms&, const Terms&) = default;
};

}  // namespace tenure
