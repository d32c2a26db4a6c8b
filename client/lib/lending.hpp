// SPDX-License-Identifier: Apache-2.0
/// Asking for regions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "client/lib/session.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// Where a token stands, as the broker granted it.
struct GrantedToken {
  std::string segment;
  std::uint64_t id = 0;
  TokenMode mode = TokenMode::borrow;
  Region region = {};
  std::uint64_t page_bytes = 4096;
  std::string layout = {};  ///< As text; a peer wrote it.
  bool is_poisoned = false;
};

/// Asks for regions and waits for them as `options` say: from the token `issuer`, or where that is
/// 0 from the buffer `handle`. Errors: the broker's, Session::call's
struct LendingPlace {
  std::string segment;
  std::uint64_t handle = 0;
  std::uint64_t issuer = 0;
  std::uint64_t page_bytes = 4096;
};
/// Errors: bad_request  the layout is too long, or has no dtype
[[nodiscard]] Result<wire::Lend> lend_request(const LendingPlace& place,
                                              TokenMode mode,
                                              std::span<const Region> regions,
                                              const TokenOptions& options);
[[nodiscard]] Result<std::vector<GrantedToken>> lend(Session& session,
                                                     const LendingPlace& place,
                                                     TokenMode mode,
                                                     std::span<const Region> regions,
                                                     const TokenOptions& options);
/// What an answer grants. Errors: corrupt  it does not fit the request
[[nodiscard]] Result<std::vector<GrantedToken>> take_lent(const wire::ReplyBody& reply,
                                                          const LendingPlace& place,
                                                          const wire::Lend& request);

}  // namespace tenure::detail
