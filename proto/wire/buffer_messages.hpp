// SPDX-License-Identifier: Apache-2.0
/// The control messages of buffers: borrowing, freezing, and what becomes of tokens.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>
#include <tenure/token_info.hpp>

namespace tenure::wire {

// ---- requests

/// Like CreateTopic. A large schema travels as fd 0.
struct CreateBuffer {
  std::string name;
  BufferOptions options = {};
  bool schema_in_fd = false;
};

/// Borrows or freezes regions: all or none. Answered by Lent, at once or when it is this request's
/// turn.
struct Lend {
  std::uint64_t handle = 0;  ///< Of the buffer; 0 where `issuer` says what lends.
  /// A token of this session; 0: the root if this session has it, else the broker.
  std::uint64_t issuer = 0;
  TokenMode mode = TokenMode::borrow;
  std::vector<Region> regions;
  std::string layout = {};  ///< Opaque, at most 256 bytes: given to whoever claims the token.
  std::chrono::nanoseconds timeout{0};
};
struct Release {
  std::uint64_t token = 0;
};
/// Answered by Sent. The token is dead from then on.
struct Transfer {
  std::uint64_t token = 0;
  std::chrono::milliseconds expires_in{60'000};
  std::optional<std::uint32_t> to_uid = {};
  std::optional<std::uint32_t> to_session = {};
};
/// Answered by Claimed.
struct Claim {
  std::string ticket;
  std::optional<TokenMode> mode = {};  ///< The only one that is wanted.
};
/// Access to the pages of a token, from `from_bytes` on; answered by Attached, which may be a part.
struct Attach {
  std::uint64_t token = 0;
  std::uint64_t from_bytes = 0;
  /// An attached token gets what came back to it, up to here; 0: it is to be attached as a whole.
  std::uint64_t again_to_bytes = 0;
};
/// The client has unmapped the token's pages.
struct Detach {
  std::uint64_t token = 0;
};
struct Acknowledge {
  std::uint64_t token = 0;
};
/// Until nothing is out that `token`, or else the buffer (as with Lend), has lent.
struct WaitReturned {
  std::uint64_t handle = 0;
  std::uint64_t token = 0;
  std::chrono::nanoseconds timeout{0};
};
/// Tokens and waiting requests of a segment, in pages.
struct ListTokens {
  std::string name;
  std::uint64_t after_token = 0;
  std::uint64_t after_turn = 0;
  std::uint64_t after_poisoned_bytes = 0;  ///< Where the last region seen ends.
};
/// Takes a token away, whoever has it. On the administrators' socket only.
struct Revoke {
  std::uint64_t token = 0;
};

// ---- replies

struct OpenedBuffer {
  std::uint64_t handle = 0;
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t grain_bytes = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t root = 0;  ///< The token, where this session has it.
  std::vector<FixedTensor> schema;
  std::optional<std::uint32_t> schema_fd = {};
};
/// A token as its holder learns of it.
struct Granted {
  std::uint64_t token = 0;
  bool is_poisoned = false;
};
struct Lent {
  std::vector<Granted> tokens;  ///< In the order of the regions.
};
struct Sent {
  std::string ticket;
};
struct Claimed {
  std::uint64_t token = 0;
  std::string segment;
  TokenMode mode = TokenMode::borrow;
  Region region = {};
  std::uint64_t page_bytes = 0;
  std::string layout = {};
  bool is_poisoned = false;
};
/// Pages to be mapped from the fd at position `fd`; what lies between two pieces is lent on.
struct Piece {
  std::uint64_t offset_bytes = 0;  ///< In the buffer.
  std::uint64_t length_bytes = 0;
  std::uint32_t fd = 0;
  std::uint64_t fd_offset_bytes = 0;
  bool is_writable = false;
};
struct Attached {
  std::vector<Piece> pieces;
  std::uint64_t up_to_bytes =
      0;  ///< What the pieces cover; less than the region: ask for the rest.
};
struct TokensListed {
  std::vector<TokenInfo> tokens;
  std::vector<WaitingInfo> waiting;
  std::vector<Region> poisoned = {};  ///< Behind the last request that waits.
  bool more = false;
  std::uint64_t last_turn = 0;
};

}  // namespace tenure::wire
