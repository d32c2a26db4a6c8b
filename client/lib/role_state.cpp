// SPDX-License-Identifier: Apache-2.0
#include "client/lib/role_state.hpp"

#include <chrono>
#include <utility>

namespace tenure::detail {

using namespace std::chrono_literals;

RoleState::RoleState(std::shared_ptr<ClientState> client,
                     std::string name,
                     std::shared_ptr<RoleMemory> memory)
    : client_(std::move(client)), name_(std::move(name)), memory_(std::move(memory)) {
}

void RoleState::end_role() noexcept {
  if (!is_forked(generation())) {
    poll_target_.reset();
    retire();
    drop_owner();
  }
}

void RoleState::drop_owner() noexcept {
  if (is_forked(generation())) {
    return;
  }
  lock_.lock();
  const bool is_last = --owners_ == 0;
  lock_.unlock();
  if (is_last) {
    delete this;
  }
}

Error RoleState::unusable_error() const {
  return is_forked(generation()) ? forked_error() : superseded_error(name_);
}

Result<int> RoleState::fd() {
  if (auto usable = check_usable(); !usable) {
    return std::move(usable).error();
  }
  if (poll_target_ == nullptr) {
    auto source = poll_source();
    if (!source) {
      return std::move(source).error();
    }
    auto target = PollTarget::add(*std::move(source), generation());
    if (!target) {
      return std::move(target).error();
    }
    poll_target_ = *std::move(target);
  }
  return poll_target_->fd();
}

Result<std::shared_ptr<ClientState>> RoleState::client_for_reopen(Timeout timeout) const {
  if (is_forked(client_->generation())) {
    return client_->connect_again(timeout);
  }
  return client_;
}

Wait RoleState::begin_wait(Timeout timeout) noexcept {
  return {.name = name_,
          .session = memory_->session(),
          .superseded = memory_->superseded(),
          .memory = wait_memory_,
          .interruptions = memory_->session().interruption().count(),
          .deadline = timeout.waits() ? std::optional(deadline_of(timeout)) : std::nullopt};
}

}  // namespace tenure::detail
