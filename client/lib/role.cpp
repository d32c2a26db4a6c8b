// SPDX-License-Identifier: Apache-2.0
#include <tenure/role.hpp>

#include <utility>

#include "client/lib/role_state.hpp"

namespace tenure {

Role::Role(detail::RoleState* state) noexcept : state_(state) {
}

Role::Role(Role&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {
}

Role& Role::operator=(Role&& other) noexcept {
  Role moved(std::move(other));
  std::swap(state_, moved.state_);
  return *this;
}

Role::~Role() {
  if (state_ != nullptr) {
    state_->end_role();
  }
}

Error Role::empty_handle() {
  return {.code = Errc::stale, .detail = "an empty handle: moved from"};
}

Result<void> Role::wait(Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state_->wait(timeout);
}

Result<int> Role::fd() {
  return state_ == nullptr ? empty_handle() : state_->fd();
}

Result<void> Role::reopen(Timeout timeout) {
  if (state_ == nullptr) {
    return empty_handle();
  }
  auto fresh = state_->reopened(timeout);
  if (!fresh) {
    return std::move(fresh).error();
  }
  state_->end_role();
  state_ = *fresh;
  return {};
}

}  // namespace tenure
