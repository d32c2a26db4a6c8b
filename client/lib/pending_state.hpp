// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "client/lib/session.hpp"
#include "client/lib/token_state.hpp"

namespace tenure::detail {

/// A request for one region whose answer is asked for later. Threads: one at a time.
class PendingState {
 public:
  /// Sent, or refused at once: get() then says why.
  [[nodiscard]] static std::unique_ptr<PendingState> begin(std::shared_ptr<Session> session,
                                                           LendingPlace place,
                                                           Result<wire::Lend> request);
  explicit PendingState(Error refusal) : refusal_(std::move(refusal)) {}
  PendingState(std::shared_ptr<Session> session, LendingPlace place, wire::Lend request)
      : session_(std::move(session)), place_(std::move(place)), request_(std::move(request)) {}
  PendingState(const PendingState&) = delete;
  PendingState& operator=(const PendingState&) = delete;
  ~PendingState();

  [[nodiscard]] bool is_ready();
  [[nodiscard]] Result<GrantedToken> get();
  void cancel() noexcept;
  [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }

 private:
  const std::uint32_t generation_ = fork_generation();
  std::shared_ptr<Session> session_;  // Empty: refused.
  std::optional<Error> refusal_;
  LendingPlace place_;
  wire::Lend request_;
  Session::Later later_;
  bool is_given_ = false;
};

}  // namespace tenure::detail
