// SPDX-License-Identifier: Apache-2.0
/// NumPy's .npy format, versions 1.0 to 3.0: a header that is a Python dict literal, then the
/// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/tensor.hpp>

namespace tenure::cli {

/// The header of a .npy file.
struct NpyHeader {
  DType dtype = DType::any;      ///< `any` for raw elements ("|V2").
  std::uint64_t item_bytes = 0;  ///< Of one element.
  bool is_fortran_order = false;
  Shape shape;
};

/// A .npy file in memory. `bytes` points into what was parsed.
struct NpyArray {
  NpyHeader header;
  std::span<const std::byte> bytes;
};

/// Reads the dict literal of a header, without the magic and the length before it.
///
/// Errors: bad_request  not such a literal; more than 8 dimensions
///         unsupported  a dtype that tensors do not have: big-endian, objects, strings, dates,
///                      structures, long double; the detail names it
[[nodiscard]] Result<NpyHeader> parse_npy_header(std::string_view text);

/// Reads a whole file. Nothing is allocated for what the header claims.
///
/// Errors: as above; bad_request  not a .npy file, truncated, or bytes after the array
[[nodiscard]] Result<NpyArray> parse_npy(std::span<const std::byte> file);

/// The elements of `array` in C order: `array.bytes` itself, or a copy made in `storage`.
[[nodiscard]] std::span<const std::byte> c_order_bytes(const NpyArray& array,
                                                       std::vector<std::byte>& storage);

/// Magic, length and header of version 1.0, padded to 64 bytes, as numpy.save() writes them.
///
/// A dtype without a NumPy name is raw ("|V2" for bfloat16). Sub-byte elements have no item size:
/// the array is then their packed bytes, "|V1" in one dimension.
[[nodiscard]] std::string npy_preamble(DType dtype, std::span<const std::int64_t> shape);

}  // namespace tenure::cli
