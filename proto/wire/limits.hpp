// SPDX-License-Identifier: Apache-2.0
/// Limits of the control protocol and defaults of the broker, in one place (docs/control-protocol).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tenure::wire {

inline constexpr std::uint32_t kProtocolVersion = 1;

inline constexpr std::size_t kMaxPacketBytes = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxNesting = 16;
inline constexpr std::size_t kMaxInlineSchemaBytes = std::size_t{32}
                                                     << 10U;  // Beyond: a sealed memfd.
inline constexpr std::size_t kMaxSchemaBytes = std::size_t{4} << 20U;
inline constexpr std::size_t kMaxSchemaTensors = 4096;
inline constexpr std::size_t kMaxFds = 240;  // In one packet; the kernel's own limit is 253.
inline constexpr std::size_t kMaxLayoutBytes = 256;
inline constexpr std::size_t kMaxRegions = 1024;  // Of one borrow or freeze.
inline constexpr std::size_t kMaxPieces = 320;    // Of an attached region, in one packet.
inline constexpr std::size_t kMaxNameBytes = 200;
inline constexpr std::size_t kMaxGlobBytes = 256;
inline constexpr std::size_t kMaxClientNameBytes = 64;
inline constexpr std::size_t kMaxPageItems = 64;  // Items of a list reply; fewer if they are long.

inline constexpr std::size_t kMaxRequestsInFlight = 64;
inline constexpr std::chrono::seconds kHelloTimeout{2};
inline constexpr std::chrono::seconds kHangUpGrace{2};  // For the pidfd, after a hang-up.

inline constexpr std::uint32_t kMaxSegmentsPerUid = 4096;
inline constexpr std::uint32_t kMaxSessionsPerUid = 256;
inline constexpr std::uint32_t kMaxTokensPerUid = 65'536;
inline constexpr std::chrono::hours kMaxTicketLife{24};

}  // namespace tenure::wire
