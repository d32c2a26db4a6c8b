// SPDX-License-Identifier: Apache-2.0
/// Numbers of the mapped format. A change here is a new layout version.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenure::layout {

inline constexpr std::size_t kLineBytes = 64;  // A constant of the format, not of the compiler.
inline constexpr std::uint64_t kMagic =
    0x3165'7275'6e65'7400;  // "\0tenure1" as little-endian bytes
inline constexpr std::uint32_t kLayoutVersion = 1;

inline constexpr std::size_t kMaxSlots = 64;
inline constexpr std::size_t kMaxSubscribers = 1023;
inline constexpr std::size_t kEntryWords = 16;  // 1024 bits: one per subscriber entry.
inline constexpr std::size_t kMaxQueueSlots = 65'535;
inline constexpr std::size_t kMaxLanes = 8;
inline constexpr std::size_t kMaxDeliveries = 127;  // Counted up to here.
inline constexpr std::size_t kMaxTensors = 4096;
inline constexpr std::size_t kMaxNameBytes = 255;
inline constexpr std::size_t kMaxAttributeBytes = 4096;
inline constexpr std::size_t kMinViewSlots = 3;

inline constexpr std::size_t kTensorAlignBytes = 256;
inline constexpr std::size_t kPageAlignBytes = 4096;  // A tensor of this size or more starts on it.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

}  // namespace tenure::layout
