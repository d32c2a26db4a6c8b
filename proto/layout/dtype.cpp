// SPDX-License-Identifier: Apache-2.0
#include <tenure/dtype.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace tenure {
namespace {

struct NamedDType {
  DType dtype;
  std::string_view name;
};

constexpr std::array<NamedDType, 18> kNames{{
    {DType::any, "any"},
    {DType::int8, "int8"},
    {DType::int16, "int16"},
    {DType::int32, "int32"},
    {DType::int64, "int64"},
    {DType::uint8, "uint8"},
    {DType::uint16, "uint16"},
    {DType::uint32, "uint32"},
    {DType::uint64, "uint64"},
    {DType::float16, "float16"},
    {DType::float32, "float32"},
    {DType::float64, "float64"},
    {DType::bfloat16, "bfloat16"},
    {DType::bool_, "bool"},
    {DType::complex64, "complex64"},
    {DType::complex128, "complex128"},
    {DType::float8_e4m3fn, "float8_e4m3fn"},
    {DType::float8_e5m2, "float8_e5m2"},
}};

constexpr std::size_t kShownBytes = 32;  // Of a text that is refused.

// Takes a decimal number of at most `most` and the separator after it (0: the end) from `text`.
std::optional<std::uint32_t> take_number(std::string_view& text,
                                         std::uint32_t most,
                                         char separator) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number > most) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (separator == 0) {
    return text.empty() ? std::optional(number) : std::nullopt;
  }
  if (text.empty() || text.front() != separator) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  return number;
}

}  // namespace

std::string to_string(DType dtype) {
  const auto* found = std::find_if(
      kNames.begin(), kNames.end(), [&](const NamedDType& entry) { return entry.dtype == dtype; });
  if (found != kNames.end()) {
    return std::string(found->name);
  }
  const auto number = static_cast<std::uint32_t>(dtype);
  return std::to_string(number & 0xffU) + ":" + std::to_string((number >> 8U) & 0xffU) + ":" +
         std::to_string(number >> 16U);
}

Result<DType> parse_dtype(std::string_view text) {
  const auto* found = std::find_if(
      kNames.begin(), kNames.end(), [&](const NamedDType& entry) { return entry.name == text; });
  if (found != kNames.end()) {
    return found->dtype;
  }
  std::string_view rest = text;
  const auto code = take_number(rest, 0xff, ':');
  const auto bits = code ? take_number(rest, 0xff, ':') : std::nullopt;
  const auto lanes = bits ? take_number(rest, 0xffff, 0) : std::nullopt;
  if (!lanes || *bits == 0 || *lanes == 0) {
    return Error{.code = Errc::bad_request,
                 .detail = "dtype: \"" + std::string(text.substr(0, kShownBytes)) + "\" is none",
                 .hint =
                     "NumPy's names, bfloat16, float8_e4m3fn, float8_e5m2, any, or "
                     "code:bits:lanes as in DLPack"};
  }
  return static_cast<DType>(*code | *bits << 8U | *lanes << 16U);
}

}  // namespace tenure
