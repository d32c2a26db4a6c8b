// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <tenure/buffer.hpp>

#include "client/lib/client_state.hpp"
#include "client/lib/token_state.hpp"

namespace tenure::detail {

/// An open buffer. Closed when destroyed. Threads: one at a time.
class BufferState {
 public:
  /// Errors: those of Client::buffer()
  [[nodiscard]] static Result<std::shared_ptr<BufferState>> open(
      std::shared_ptr<ClientState> client, std::string name, Timeout timeout);
  BufferState(std::shared_ptr<ClientState> client,
              std::shared_ptr<Session> session,
              std::string name,
              wire::OpenedBuffer opened);
  BufferState(const BufferState&) = delete;
  BufferState& operator=(const BufferState&) = delete;
  ~BufferState();

  [[nodiscard]] const wire::OpenedBuffer& opened() const noexcept { return opened_; }
  [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }
  [[nodiscard]] LendingPlace place() const;
  /// Errors: forked
  [[nodiscard]] Result<void> check_usable() const;
  [[nodiscard]] Result<GrantedToken> root();
  [[nodiscard]] Result<Region> region(std::string_view tensor) const;
  [[nodiscard]] Result<void> wait_returned(Timeout timeout);
  [[nodiscard]] Result<std::shared_ptr<BufferState>> reopened(Timeout timeout) const;

 private:
  const std::shared_ptr<ClientState> client_;
  const std::shared_ptr<Session> session_;
  const std::uint32_t generation_;
  const std::string name_;
  wire::OpenedBuffer opened_;
};

}  // namespace tenure::detail
