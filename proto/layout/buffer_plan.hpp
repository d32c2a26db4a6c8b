// SPDX-License-Identifier: Apache-2.0
/// Where the tensors of a buffer's schema lie, checked alike by broker and client.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tenure/buffer.hpp>

namespace tenure::layout {

/// A buffer is never cut into more units of protection: one file descriptor each fits a packet.
inline constexpr std::uint64_t kMaxGrains = 240;
/// No buffer is larger: 2^46 bytes.
inline constexpr std::uint64_t kMaxBufferBytes = std::uint64_t{1} << 46U;

/// Bytes of a fixed tensor; nothing if it has no dtype, a bad shape or too many bytes.
[[nodiscard]] std::optional<std::uint64_t> bytes_of(const TensorSpec& spec) noexcept;

/// Errors: bad_request  names (empty, too long, twice, not UTF-8), dtypes, shapes, an offset that
/// is
///                      no multiple of the element's size, tensors that overlap or leave the buffer
[[nodiscard]] Result<void> check_placement(std::span<const FixedTensor> schema,
                                           std::uint64_t size_bytes);

}  // namespace tenure::layout
