// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tenure/role.hpp>

#include "client/lib/biased_lock.hpp"
#include "client/lib/client_state.hpp"
#include "client/lib/fork_guard.hpp"
#include "client/lib/poller.hpp"
#include "client/lib/topic_memory.hpp"
#include "client/lib/waiting.hpp"

namespace tenure::detail {

/// What lies behind a role and the views or drafts made by it. Counted: it lives until the last of
/// them is gone, in whatever order they die and on whatever thread.
class RoleState {
 public:
  RoleState(std::shared_ptr<ClientState> client,
            std::string name,
            std::shared_ptr<TopicMemory> memory);
  RoleState(const RoleState&) = delete;
  RoleState& operator=(const RoleState&) = delete;

  /// Role::wait, fd and reopen. reopened() makes a fresh state and leaves this one alone.
  [[nodiscard]] virtual Result<void> wait(Timeout timeout) = 0;
  [[nodiscard]] virtual Result<int> fd();
  [[nodiscard]] virtual Result<RoleState*> reopened(Timeout timeout) = 0;

  /// The role is gone, or goes on with another state: its eventfd, its say and its ownership end.
  void end_role() noexcept;
  /// One owner less; the last one destroys it. In a forked child nothing happens: the lock may be
  /// held by a thread that does not exist there.
  void drop_owner() noexcept;

  /// Whether this handle can be used at all. Errors: forked, superseded
  [[nodiscard]] Result<void> check_usable() const {
    return is_usable() ? Result<void>() : unusable_error();
  }
  [[nodiscard]] std::uint32_t generation() const noexcept { return memory_->generation(); }
  [[nodiscard]] const TopicMemory& memory() const noexcept { return *memory_; }
  /// The same for what outlives the role: a pin.
  [[nodiscard]] const std::shared_ptr<TopicMemory>& shared_memory() const noexcept {
    return memory_;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  virtual ~RoleState() = default;
  [[nodiscard]] bool is_usable() const noexcept {
    // relaxed: looked at again with every call. alone: topic.superseded
    return !is_forked(generation()) &&
           memory_->head().newest.superseded.load(std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] Error unusable_error() const;
  /// Before the role's ownership ends. Not called in a forked child.
  virtual void retire() noexcept {}

  /// The client to reopen with: this one, or in a forked child a new one.
  [[nodiscard]] Result<std::shared_ptr<ClientState>> client_for_reopen(Timeout timeout) const;
  [[nodiscard]] Wait begin_wait(Timeout timeout) noexcept;
  /// In which direction fd() says that this role need not wait. Errors: unsupported
  [[nodiscard]] virtual Result<PollTarget::Direction> poll_direction() const = 0;

  const std::shared_ptr<ClientState> client_;
  const std::string name_;
  const std::shared_ptr<TopicMemory> memory_;
  std::unique_ptr<PollTarget>
      poll_target_;         // One thread at a time: the role's. Dies before memory_.
  WaitMemory wait_memory_;  // As above.

  BiasedLock lock_;
  std::uint32_t owners_ = 1;  // guarded by lock_. The role, and each view or draft.
};

/// Opens `name` at the broker and maps it. Errors: the broker's, Session::call's, TopicMemory's
[[nodiscard]] Result<std::shared_ptr<TopicMemory>> open_topic(ClientState& client,
                                                              const std::string& name,
                                                              wire::OpenAs as,
                                                              Timeout timeout);

}  // namespace tenure::detail
