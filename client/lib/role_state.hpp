// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenure/role.hpp>

#include "client/lib/biased_lock.hpp"
#include "client/lib/client_state.hpp"
#include "client/lib/fork_guard.hpp"
#include "client/lib/poller.hpp"
#include "client/lib/role_memory.hpp"
#include "client/lib/waiting.hpp"

namespace tenure::detail {

/// What lies behind a role and the views, items or drafts made by it. Counted: it lives until the
/// last of them is gone, in whatever order they die and on whatever thread.
class RoleState {
 public:
  RoleState(std::shared_ptr<ClientState> client,
            std::string name,
            std::shared_ptr<RoleMemory> memory);
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
  /// For what outlives the role: a pin.
  [[nodiscard]] const std::shared_ptr<RoleMemory>& shared_memory() const noexcept {
    return memory_;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  virtual ~RoleState() = default;
  [[nodiscard]] bool is_usable() const noexcept {
    // relaxed: looked at again with every call. alone: topic.superseded
    return !is_forked(generation()) && memory_->superseded().load(std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] Error unusable_error() const;
  /// Before the role's ownership ends. Not called in a forked child.
  virtual void retire() noexcept {}

  /// The client to reopen with: this one, or in a forked child a new one.
  [[nodiscard]] Result<std::shared_ptr<ClientState>> client_for_reopen(Timeout timeout) const;
  [[nodiscard]] Wait begin_wait(Timeout timeout) noexcept;
  /// What fd() watches. Errors: unsupported
  [[nodiscard]] virtual Result<std::unique_ptr<PollSource>> poll_source() const = 0;

  const std::shared_ptr<ClientState> client_;
  const std::string name_;
  const std::shared_ptr<RoleMemory> memory_;
  std::unique_ptr<PollTarget>
      poll_target_;         // One thread at a time: the role's. Dies before memory_.
  WaitMemory wait_memory_;  // As above.

  BiasedLock lock_;
  std::uint32_t owners_ = 1;  // guarded by lock_. The role, and each view, item or draft.
};

/// Opens a segment at the broker and maps it as a Memory. Errors: the broker's, Session::call's,
/// Memory::take's
template <class Memory>
[[nodiscard]] Result<std::shared_ptr<Memory>> open_role(ClientState& client,
                                                        const wire::Open& request) {
  auto session = client.session();
  if (!session) {
    return std::move(session).error();
  }
  Result<std::shared_ptr<Memory>> memory =
      Error{.code = Errc::corrupt, .detail = "the broker answered something else than asked"};
  const Session::Accept accept = [&](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&& fds) {
    if (auto* opened = std::get_if<typename Memory::Answer>(&reply)) {
      memory = Memory::take(*session, std::move(*opened), std::move(fds));
    }
  };
  const sync::Deadline deadline = answer_deadline(request.timeout);
  if (auto called = (*session)->call(request, deadline, accept); !called) {
    return std::move(called).error();
  }
  return memory;
}

}  // namespace tenure::detail
