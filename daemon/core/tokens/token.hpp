// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/core/tokens/page_range.hpp"
#include "daemon/core/types.hpp"

namespace tenure::core {

/// The broker's own share of a buffer: the issuer of whoever borrows or freezes from nobody else.
inline constexpr std::uint64_t kBrokersShare = 0;

struct Holder {
  std::uint32_t session = 0;
  std::uint32_t uid = 0;
};

/// A token on its way. Its holder is still the sender, which cannot use it any more.
struct Ticket {
  std::string text = {};
  Time expiry = Time::max();
  std::optional<std::uint32_t> to_uid = {};
  std::optional<std::uint32_t> to_session = {};
  bool is_returned = false;     ///< It expired: only its sender may claim it.
  bool is_sender_dead = false;  ///< It goes back to the issuer when it expires.
};

/// The right to a range of pages: to write it and nobody else (borrow), or that nobody writes it
/// (freeze).
struct Token {
  std::uint64_t id = 0;
  TokenMode mode = TokenMode::borrow;
  PageRange pages = {};
  std::uint64_t issuer = kBrokersShare;
  Holder holder = {};
  Time since = {};
  std::string layout = {};  ///< Opaque: for who claims it.
  std::uint32_t depth = 1;  ///< Issuers above it when it was made, the broker included.
  std::optional<Ticket> ticket = {};
  bool is_attached = false;
  bool was_attached = false;
  /// Its holder is dead, and its pages cannot go back before its children are gone: they lie in
  /// grains that a child of another uid than the issuer's shares.
  bool is_orphan = false;
};

/// What a buffer has lent so far.
struct TokenCounts {
  std::uint64_t borrowed = 0;  ///< Regions, and so on.
  std::uint64_t frozen = 0;
  std::uint64_t claimed = 0;
  std::uint64_t refused = 0;   ///< Requests, those that waited in vain included.
  std::uint64_t poisoned = 0;  ///< Borrows whose writer died half-way.
};

/// No such token in the session that asks.
[[nodiscard]] Error stale_token(std::uint64_t token);
[[nodiscard]] Error stale_ticket();

/// "borrowed", "frozen".
[[nodiscard]] constexpr const char* past_of(TokenMode mode) noexcept {
  return mode == TokenMode::borrow ? "borrowed" : "frozen";
}

}  // namespace tenure::core
