// SPDX-License-Identifier: Apache-2.0
/// Tensors in words: how `create` is told of them, and how tables show them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/buffer.hpp>

namespace tenure::cli {

/// Reads NAME:DTYPE:AxBxC, NAME:DTYPE: for a scalar, NAME:any:ROOM for an open dtype (ROOM in
/// bytes). The last two colons separate: a name may contain some itself, a dtype written as numbers
/// (code:bits:lanes) is recognised.
///
/// Errors: bad_request  the detail says what is wrong with which part
[[nodiscard]] Result<TensorSpec> parse_tensor(std::string_view text);

/// Reads the same with @OFFSET behind it, in bytes (4096, 64K); without one it lies at
/// `next_offset`. A buffer's tensors have a dtype. Errors: as above
[[nodiscard]] Result<FixedTensor> parse_fixed_tensor(std::string_view text,
                                                     std::uint64_t next_offset);

/// "[64,10]"; "[]" for a scalar.
[[nodiscard]] std::string format_shape(std::span<const std::int64_t> extents);

/// "float32[64,10]"; "any, up to 4.0 KiB" for an open dtype.
[[nodiscard]] std::string format_type(const TensorSpec& spec);

/// "w1 float32[64,128] +3": the first tensor, and how many more there are.
[[nodiscard]] std::string format_schema(std::span<const TensorSpec> schema);

/// Bytes of the largest bundle: the tensors alone, without records and gaps.
[[nodiscard]] std::uint64_t room_bytes(std::span<const TensorSpec> schema);

/// Bytes of one tensor of that dtype and shape; sub-byte elements are packed. What does not fit
/// into 64 bits is the largest number.
[[nodiscard]] std::uint64_t room_bytes(const TensorSpec& spec);

}  // namespace tenure::cli
