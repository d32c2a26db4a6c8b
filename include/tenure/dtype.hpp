// SPDX-License-Identifier: Apache-2.0
/// What an element is: DLPack's type code, bits and lanes in one number.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <tenure/result.hpp>

namespace tenure {

/// DLPack's code | bits << 8 | lanes << 16. Any such value is legal, not only the ones named here
/// (codes: https://dmlc.github.io/dlpack/latest/c_api.html, DLDataTypeCode).
enum class DType : std::uint32_t {
  any = 0,  ///< In a schema only: the draft says dtype and rank; the shape is {room in bytes}.
  int8 = 0x10800,
  int16 = 0x11000,
  int32 = 0x12000,
  int64 = 0x14000,
  uint8 = 0x10801,
  uint16 = 0x11001,
  uint32 = 0x12001,
  uint64 = 0x14001,
  float16 = 0x11002,
  float32 = 0x12002,
  float64 = 0x14002,
  bfloat16 = 0x11004,
  bool_ = 0x10806,
  complex64 = 0x14005,
  complex128 = 0x18005,
  float8_e4m3fn = 0x1080a,
  float8_e5m2 = 0x1080c
};

/// Bits of one element, all lanes together: 32 for float32, 4 for a four-bit integer; 0 for `any`.
[[nodiscard]] constexpr std::uint64_t bits_of(DType dtype) noexcept {
  const auto number = static_cast<std::uint32_t>(dtype);
  return std::uint64_t{(number >> 8U) & 0xffU} * (number >> 16U);
}

/// NumPy's name ("float32", "bool"), or "code:bits:lanes" for a dtype that has none here.
[[nodiscard]] std::string to_string(DType dtype);

/// Reads what to_string() writes. Errors: bad_request  no such dtype
[[nodiscard]] Result<DType> parse_dtype(std::string_view text);

namespace detail {
template <class T>
constexpr DType dtype_of() noexcept {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, bool>) {
    return DType::bool_;
  } else if constexpr (std::is_same_v<U, std::byte>) {
    return DType::uint8;
  } else if constexpr (std::is_same_v<U, std::complex<float>>) {
    return DType::complex64;
  } else if constexpr (std::is_same_v<U, std::complex<double>>) {
    return DType::complex128;
  } else if constexpr (std::is_same_v<U, float>) {
    return DType::float32;
  } else if constexpr (std::is_same_v<U, double>) {
    return DType::float64;
  } else {
    static_assert(std::is_integral_v<U>,
                  "no dtype for this C++ type: use unsafe_as<T>(), or specialise tenure::dtype_v");
    constexpr std::uint32_t code = std::is_signed_v<U> ? 0U : 1U;
    return static_cast<DType>(0x10000U | (sizeof(U) * 8U) << 8U | code);
  }
}
}  // namespace detail

/// The dtype of a C++ element type. Specialise it for a half or bfloat16 type of your own.
template <class T>
inline constexpr DType dtype_v = detail::dtype_of<T>();

}  // namespace tenure
