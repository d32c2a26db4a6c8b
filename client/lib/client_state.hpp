// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include <tenure/client.hpp>

#include "client/lib/deadline.hpp"
#include "client/lib/session.hpp"

namespace tenure::detail {

/// How long a verb without a timeout waits for the broker's answer before it says `timed_out`.
inline constexpr std::chrono::seconds kPatience{30};

/// What a Client and the roles opened through it share: where the broker is, and the session with
/// it, replaced when the broker has come back. Threads: any.
class ClientState {
 public:
  [[nodiscard]] static Result<std::shared_ptr<ClientState>> connect(ConnectOptions options);
  /// The same broker and name, for a forked child. Touches nothing that a lock of the parent
  /// guards.
  [[nodiscard]] Result<std::shared_ptr<ClientState>> connect_again(Timeout timeout) const;

  /// The session, or a new one if the last call found the broker gone and it is back.
  /// Errors: forked; broker_gone and others of Client::connect
  [[nodiscard]] Result<std::shared_ptr<Session>> session();
  /// Asks the broker. Errors: of session(), Session::ask, and the broker's own
  template <class T>
  [[nodiscard]] Result<T> ask(wire::RequestBody body,
                              Timeout timeout = kPatience,
                              std::span<const int> fds = {}) {
    auto live = session();
    if (!live) {
      return std::move(live).error();
    }
    return (*live)->ask<T>(std::move(body), deadline_of(timeout), fds);
  }

  /// For events: whether the loss of the broker is still to be told; from then on it is told.
  [[nodiscard]] bool tell_gone() noexcept;

  [[nodiscard]] const SessionContext& context() const noexcept { return context_; }
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::uint32_t session_number() noexcept;

 private:
  explicit ClientState(SessionContext context);

  const SessionContext context_;
  const std::uint32_t generation_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::shared_ptr<Session> session_;
  bool has_told_gone_ = false;
};

}  // namespace tenure::detail
