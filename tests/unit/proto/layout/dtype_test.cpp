// SPDX-License-Identifier: Apache-2.0
#include <tenure/dtype.hpp>

#include <array>
#include <complex>
#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure {
namespace {

constexpr std::array<std::pair<DType, const char*>, 18> kNamed{{
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

TEST(DType, HasNumPysNames) {
  for (const auto& [dtype, name] : kNamed) {
    EXPECT_EQ(to_string(dtype), name);
    const auto parsed = parse_dtype(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(*parsed, dtype) << name;
  }
}

TEST(DType, WithoutANameIsCodeBitsLanes) {
  const auto four_bits = static_cast<DType>(0x10400);
  EXPECT_EQ(to_string(four_bits), "0:4:1");
  const auto float32x4 = static_cast<DType>(0x42002);
  EXPECT_EQ(to_string(float32x4), "2:32:4");
  EXPECT_EQ(*parse_dtype("2:32:4"), float32x4);
  EXPECT_EQ(*parse_dtype("255:255:65535"), static_cast<DType>(0xffffffff));
}

TEST(DType, ReadsANamedOneFromItsNumbersToo) {
  EXPECT_EQ(*parse_dtype("2:32:1"), DType::float32);
}

TEST(DType, RefusesWhatIsNone) {
  for (const std::string text :
       {"",        "float",  "Float32", "float32 ", " float32", "float33",        "1:2",
        "1:2:3:4", "1:2:",   ":1:2",    "256:8:1",  "1:256:1",  "1:8:65536",      "1:0:1",
        "1:8:0",   "-1:8:1", "+1:8:1",  "1:8:1x",   "a:b:c",    "4294967297:8:1", "any\n"}) {
    const auto refused = parse_dtype(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::bad_request) << text;
    EXPECT_THAT(refused.error().detail, testing::StartsWith("dtype: ")) << text;
  }
}

TEST(DType, CountsBitsOfAllLanes) {
  EXPECT_EQ(bits_of(DType::any), 0U);
  EXPECT_EQ(bits_of(DType::bool_), 8U);
  EXPECT_EQ(bits_of(DType::complex128), 128U);
  EXPECT_EQ(bits_of(static_cast<DType>(0x20400)), 8U);  // two lanes of four bits
}

TEST(DType, FollowsFromTheElementType) {
  static_assert(dtype_v<bool> == DType::bool_);
  static_assert(dtype_v<std::byte> == DType::uint8);
  static_assert(dtype_v<std::int8_t> == DType::int8);
  static_assert(dtype_v<std::uint16_t> == DType::uint16);
  static_assert(dtype_v<const std::int32_t> == DType::int32);
  static_assert(dtype_v<long long> == DType::int64);
  static_assert(dtype_v<float> == DType::float32);
  static_assert(dtype_v<double> == DType::float64);
  static_assert(dtype_v<std::complex<float>> == DType::complex64);
  static_assert(dtype_v<std::complex<double>> == DType::complex128);
}

}  // namespace
}  // namespace tenure
