// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "client/lib/lending.hpp"
#include "client/lib/session.hpp"
#include "proto/os/region_map.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// What lies behind a Borrow or Freeze: the right, and the pages that are mapped by it. Destroyed,
/// it is unmapped and given back. Threads: one at a time.
class TokenState {
 public:
  TokenState(std::shared_ptr<Session> session, GrantedToken granted);
  TokenState(const TokenState&) = delete;
  TokenState& operator=(const TokenState&) = delete;
  ~TokenState();

  [[nodiscard]] const GrantedToken& granted() const noexcept { return granted_; }
  [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }
  /// Errors: forked
  [[nodiscard]] Result<void> check_usable() const;

  [[nodiscard]] Result<std::span<std::byte>> attach();
  [[nodiscard]] Result<void> detach();
  /// On success it is over: the caller destroys this.
  [[nodiscard]] Result<void> release();
  [[nodiscard]] Result<std::string> transfer(const TransferOptions& options);
  [[nodiscard]] Result<void> acknowledge();
  [[nodiscard]] Result<void> wait_returned(Timeout timeout);
  /// Lends on; what is attached is dropped first, and mapped again as far as the right goes.
  [[nodiscard]] Result<std::vector<GrantedToken>> lend(TokenMode mode,
                                                       std::span<const Region> regions,
                                                       const TokenOptions& options);
  [[nodiscard]] Result<TensorSpan> tensor(const Layout& layout) const;
  [[nodiscard]] Result<TensorSpan> tensor() const;

 private:
  [[nodiscard]] Result<void> map_all();
  [[nodiscard]] Result<void> map_again(const Region& region);
  [[nodiscard]] Result<void> map_up_to(std::uint64_t end_bytes, const wire::Attach& request);
  [[nodiscard]] Result<void> map_pieces(const wire::Attached& attached,
                                        const Region& part,
                                        const std::vector<os::UniqueFd>& fds);
  [[nodiscard]] os::RegionMap::Place place_of(const Region& region) const noexcept;

  const std::shared_ptr<Session> session_;
  const std::uint32_t generation_;
  GrantedToken granted_;
  os::RegionMap map_;              // Empty: not attached.
  std::vector<Region> lent_ = {};  // What of the map is not whole.
  bool is_over_ = false;
};

/// How the library makes and looks into tokens.
struct TokenAccess {
  template <class T>
  [[nodiscard]] static Result<T> only(Result<std::vector<T>> tokens) {
    if (!tokens) {
      return std::move(tokens).error();
    }
    return std::move(tokens->front());
  }
  [[nodiscard]] static const TokenState* state_of(const Token& token) noexcept {
    return token.state_.get();
  }
  template <class T>
  [[nodiscard]] static T make(std::shared_ptr<Session> session, GrantedToken granted) {
    T token;
    token.state_ = std::make_unique<TokenState>(std::move(session), std::move(granted));
    return token;
  }
  template <class T>
  [[nodiscard]] static std::vector<T> make_all(const std::shared_ptr<Session>& session,
                                               std::vector<GrantedToken> granted) {
    std::vector<T> tokens;
    tokens.reserve(granted.size());
    for (GrantedToken& one : granted) {
      tokens.push_back(make<T>(session, std::move(one)));
    }
    return tokens;
  }
  template <class T>
  [[nodiscard]] static Pending<T> pending(std::unique_ptr<PendingState> state) {
    return Pending<T>(std::move(state));
  }
};

template <class T>
inline constexpr TokenMode kModeOf = TokenMode::borrow;
template <>
inline constexpr TokenMode kModeOf<Freeze> = TokenMode::freeze;

}  // namespace tenure::detail
