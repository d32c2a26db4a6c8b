// SPDX-License-Identifier: Apache-2.0
#include "client/cli/npy/npy.hpp"

#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A file with that header text, as version `major`.
std::string file_of(const std::string& header, const std::string& data, int major = 1) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(major);
  out += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) {
    out += static_cast<char>(header.size() >> (8 * i) & 0xffU);
  }
  return out + header + data;
}

std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(Npy, ReadsVersionsOneToThree) {
  for (const int major : {1, 2, 3}) {
    const std::string file = file_of(dict("|u1", "False", "(3,)"), "abc", major);
    const auto array = parse_npy(bytes_of(file));
    ASSERT_TRUE(array) << array.error().detail;
    EXPECT_EQ(std::memcmp(array->bytes.data(), "abc", 3), 0);
  }
}

TEST(Npy, RefusesOtherVersions) {
  const auto array = parse_npy(bytes_of(file_of(dict("|u1", "False", "(3,)"), "abc", 4)));
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().code, Errc::unsupported);
  EXPECT_THAT(array.error().detail, HasSubstr("4.0"));
}

TEST(Npy, RefusesAFileCutAnywhere) {
  const std::string file = file_of(dict("<f4", "False", "(2, 2)"), std::string(16, 'x'));
  ASSERT_TRUE(parse_npy(bytes_of(file)));
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(parse_npy(bytes_of(file.substr(0, length)))) << length;
  }
}

TEST(Npy, RefusesBytesAfterTheArrayWithTheNumbers) {
  const auto array = parse_npy(bytes_of(file_of(dict("<f4", "False", "(2,)"), "123456789")));
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().code, Errc::bad_request);
  EXPECT_THAT(array.error().detail, HasSubstr("8 bytes, 9 are there"));
}

TEST(Npy, RefusesAShapeThatOverflows) {
  const std::string shape = "(9223372036854775807, 9223372036854775807)";
  const auto array = parse_npy(bytes_of(file_of(dict("<f8", "False", shape), "")));
  ASSERT_FALSE(array);
  EXPECT_THAT(array.error().detail, HasSubstr("2^64"));
}

TEST(Npy, ReadsAnEmptyArrayOfAnyShape) {
  const auto array =
      parse_npy(bytes_of(file_of(dict("<f8", "False", "(9223372036854775807, 4, 0)"), "")));
  ASSERT_TRUE(array) << array.error().detail;
  EXPECT_TRUE(array->bytes.empty());
}

TEST(Npy, RefusesAHeaderLengthBeyondTheFile) {
  std::string file = file_of(dict("|u1", "False", "(3,)"), "abc", 2);
  std::memset(file.data() + 8, 0xff, 4);
  const auto array = parse_npy(bytes_of(file));
  ASSERT_FALSE(array);
  EXPECT_THAT(array.error().detail, HasSubstr("4294967295"));
}

TEST(Npy, RefusesOtherFormats) {
  for (const char* text : {"", "PK\x03\x04", "\x93NUMP", "\x93numpy\x01"}) {
    EXPECT_FALSE(parse_npy(bytes_of(text))) << text;
  }
}

TEST(Npy, TurnsFortranOrderIntoCOrder) {
  const std::string file = file_of(dict("|u1", "True", "(2, 3)"), "adbecf");
  const auto array = parse_npy(bytes_of(file));
  ASSERT_TRUE(array);
  std::vector<std::byte> storage;
  const auto bytes = c_order_bytes(*array, storage);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "abcdef");
}

TEST(Npy, TurnsFortranOrderOfManyDimensionsIntoCOrder) {
  // Element (i, j, k) is 100 i + 10 j + k.
  std::string data;
  for (char k = 0; k < 4; ++k) {
    for (char j = 0; j < 3; ++j) {
      for (char i = 0; i < 2; ++i) {
        data += static_cast<char>(100 * i + 10 * j + k);
        data += '\x55';
      }
    }
  }
  const std::string file = file_of(dict("<u2", "True", "(2, 3, 4)"), data);
  const auto array = parse_npy(bytes_of(file));
  ASSERT_TRUE(array);
  std::vector<std::byte> storage;
  const auto bytes = c_order_bytes(*array, storage);
  std::size_t at = 0;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k, at += 2) {
        EXPECT_EQ(std::to_integer<int>(bytes[at]), 100 * i + 10 * j + k);
        EXPECT_EQ(std::to_integer<int>(bytes[at + 1]), 0x55);
      }
    }
  }
}

TEST(Npy, CopiesNothingThatIsInCOrder) {
  const std::string file = file_of(dict("|u1", "True", "(3,)"), "abc");
  const auto array = parse_npy(bytes_of(file));
  ASSERT_TRUE(array);
  std::vector<std::byte> storage;
  EXPECT_EQ(c_order_bytes(*array, storage).data(), array->bytes.data());
  EXPECT_TRUE(storage.empty());
}

TEST(NpyPreamble, IsReadBackForEveryDtypeAndRank) {
  const DType dtypes[] = {DType::bool_,
                          DType::int8,
                          DType::int16,
                          DType::int32,
                          DType::int64,
                          DType::uint8,
                          DType::uint16,
                          DType::uint32,
                          DType::uint64,
                          DType::float16,
                          DType::float32,
                          DType::float64,
                          DType::complex64,
                          DType::complex128};
  for (const DType dtype : dtypes) {
    std::vector<std::int64_t> shape;
    for (std::size_t rank = 0; rank <= kMaxRank; ++rank, shape.push_back(2)) {
      std::string file = npy_preamble(dtype, shape);
      EXPECT_EQ(file.size() % 64, 0U);
      file.append((bits_of(dtype) / 8) << rank, 'x');
      const auto array = parse_npy(bytes_of(file));
      ASSERT_TRUE(array) << to_string(dtype) << " " << array.error().detail;
      EXPECT_EQ(array->header.dtype, dtype);
      EXPECT_EQ(array->header.shape, Shape(std::span<const std::int64_t>(shape)));
    }
  }
}

TEST(NpyPreamble, IsTheHeaderThatNumPyWrites) {
  const std::vector<std::int64_t> shape{3, 4};
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
  expected.append(127 - expected.size(), ' ');
  EXPECT_EQ(npy_preamble(DType::float32, shape), expected + "\n");
}

TEST(NpyPreamble, WritesADtypeWithoutANameAsRaw) {
  const std::vector<std::int64_t> shape{5};
  EXPECT_THAT(npy_preamble(DType::bfloat16, shape), HasSubstr("'|V2'"));
  EXPECT_THAT(npy_preamble(DType::float8_e5m2, shape), HasSubstr("'|V1'"));
}

TEST(NpyPreamble, WritesSubByteElementsAsTheirPackedBytes) {
  const std::vector<std::int64_t> shape{3, 3};
  const std::string header = npy_preamble(static_cast<DType>(0x10400), shape);
  EXPECT_THAT(header, HasSubstr("'|V1'"));
  EXPECT_THAT(header, HasSubstr("(5,)"));
}

TEST(NpyPreamble, HoldsTheLargestShape) {
  const std::vector<std::int64_t> shape(kMaxRank, std::numeric_limits<std::int64_t>::max());
  const std::string header = npy_preamble(DType::complex128, shape);
  EXPECT_EQ(header.size() % 64, 0U);
  EXPECT_LT(header.size(), 512U);
}

}  // namespace
}  // namespace tenure::cli
