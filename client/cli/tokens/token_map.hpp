// SPDX-License-Identifier: Apache-2.0
/// A buffer's bytes from the first to the last: who has which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tenure/token_info.hpp>

namespace tenure::cli {

/// What may be said of a byte, the weakest first: a cell of the picture that holds several shows
/// the last of them.
enum class Use : std::uint8_t {
  free,    ///< The broker lends it.
  kept,    ///< Of a token that lends, and of which this has not been lent on.
  frozen,  ///< Somebody may read it.
  ticket,  ///< On its way.
  borrowed,
  poisoned  ///< A writer left it half-written.
};

/// "free", "kept" and so on.
[[nodiscard]] std::string name_of(Use use);

/// Bytes that are used alike by the same.
struct MapPiece {
  Region region = {};
  Use use = Use::free;
  bool is_poisoned = false;        ///< Besides what else it is.
  std::vector<Peer> holders = {};  ///< Sessions, by their numbers; the first 8.
  std::size_t holder_count = 0;
  std::uint64_t holder_set = 0;  ///< Alike for the same sessions.
};

/// The whole of a buffer of `size_bytes`, without gaps.
[[nodiscard]] std::vector<MapPiece> lay_out(const TokenReport& report, std::uint64_t size_bytes);

}  // namespace tenure::cli
