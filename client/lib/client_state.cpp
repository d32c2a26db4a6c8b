// SPDX-License-Identifier: Apache-2.0
#include "client/lib/client_state.hpp"

#include <algorithm>
#include <cerrno>

#include "client/lib/fork_guard.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::detail {

Result<std::shared_ptr<ClientState>> ClientState::connect(ConnectOptions options) {
  SessionContext context{.where = choose_socket(options.socket),
                         .client_name = std::move(options.name)};
  if (context.client_name.empty()) {
    context.client_name = ::program_invocation_short_name;
  }
  context.client_name.resize(std::min(context.client_name.size(), wire::kMaxClientNameBytes));
  std::shared_ptr<ClientState> state(new ClientState(std::move(context)));
  auto session = Session::open(state->context_, deadline_of(options.timeout));
  if (!session) {
    return std::move(session).error();
  }
  state->session_ = *std::move(session);
  return state;
}

ClientState::ClientState(SessionContext context)
    : context_(std::move(context)), generation_(fork_generation()) {
}

Result<std::shared_ptr<ClientState>> ClientState::connect_again(Timeout timeout) const {
  return connect({.socket = context_.where.path, .name = context_.client_name, .timeout = timeout});
}

Result<std::shared_ptr<Session>> ClientState::session() {
  if (is_forked(generation_)) {
    return forked_error();
  }
  const std::scoped_lock lock(mutex_);
  if (!session_->is_gone()) {
    return session_;
  }
  auto fresh = Session::open(context_, deadline_of(kNoWait));
  if (!fresh) {
    return std::move(fresh).error();
  }
  session_ = *fresh;
  has_told_gone_ = false;
  context_.events->push({.what = Event::What::broker_back, .segment = {}});
  return fresh;
}

bool ClientState::tell_gone() noexcept {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(has_told_gone_, true);
}

std::uint32_t ClientState::session_number() noexcept {
  if (is_forked(generation_)) {
    return 0;
  }
  const std::scoped_lock lock(mutex_);
  return session_->number();
}

}  // namespace tenure::detail
