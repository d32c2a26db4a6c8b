// SPDX-License-Identifier: Apache-2.0
/// Who has what of a buffer, as `tenure tokens` shows it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenure/token.hpp>

namespace tenure {

/// Who takes part. `name` and `pid` are what the process said of itself.
struct Peer {
  std::uint32_t session = 0;
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  std::string name = {};
};

/// One token.
struct TokenInfo {
  enum class State : std::uint8_t {
    held,      ///< By a session that has not mapped it.
    attached,  ///< Mapped there.
    ticket,    ///< On its way: `holder` has sent it.
    orphaned   ///< Its holder is dead; it goes back when its children have.
  };
  std::uint64_t id = 0;
  std::uint64_t issuer = 0;  ///< The token that it was lent from; 0: the broker.
  TokenMode mode = TokenMode::borrow;
  Region region = {};
  Peer holder = {};
  State state = State::held;
  std::chrono::milliseconds age{0};  ///< Since it was granted, claimed or sent.
  /// ticket: until it goes back. None: it came back, and waits for its sender.
  std::optional<std::chrono::milliseconds> expires_in = {};
  bool is_poisoned = false;  ///< A writer of some of it died half-way.
};

/// A request that waits for its turn.
struct WaitingInfo {
  Peer who = {};
  TokenMode mode = TokenMode::borrow;
  std::vector<Region> regions = {};
  std::uint64_t issuer = 0;  ///< As above.
  std::chrono::milliseconds age{0};
  std::string behind = {};  ///< What it waits for, in words.
};

/// All of a buffer, at one moment.
struct TokenReport {
  std::vector<TokenInfo> tokens = {};     ///< By id; an issuer before what it has lent.
  std::vector<WaitingInfo> waiting = {};  ///< In their turn.
  /// What writers left half-written and nobody acknowledged since, in order.
  std::vector<Region> poisoned = {};
};

}  // namespace tenure
