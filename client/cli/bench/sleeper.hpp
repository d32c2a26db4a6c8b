// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include <tenure/result.hpp>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/channels.hpp"

namespace tenure::cli::bench {

inline constexpr std::size_t kFrameBytes = std::size_t{1} << 20U;

/// The peer's side of Sleepers: a subscriber of `topic` that does one task after the other.
/// Errors: those of connecting, of Subscriber and of Channels
[[nodiscard]] Result<void> run_sleeper(Board& board,
                                       Channels& channels,
                                       const std::string& socket,
                                       const std::string& topic);

}  // namespace tenure::cli::bench
