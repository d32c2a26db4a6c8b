// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/npy/npy.hpp"

namespace tenure::cli {
namespace {

using testing::HasSubstr;

std::string header(const std::string& descr, const std::string& shape = "(2,)") {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }  \n";
}

TEST(NpyHeader, ReadsEveryDtypeOfNumPyThatTensorsHave) {
  const std::pair<const char*, DType> cases[] = {{"|b1", DType::bool_},
                                                 {"|i1", DType::int8},
                                                 {"<i2", DType::int16},
                                                 {"<i4", DType::int32},
                                                 {"<i8", DType::int64},
                                                 {"|u1", DType::uint8},
                                                 {"<u2", DType::uint16},
                                                 {"<u4", DType::uint32},
                                                 {"<u8", DType::uint64},
                                                 {"<f2", DType::float16},
                                                 {"<f4", DType::float32},
                                                 {"<f8", DType::float64},
                                                 {"<c8", DType::complex64},
                                                 {"<c16", DType::complex128},
                                                 {"=f4", DType::float32},
                                                 {">u1", DType::uint8}};
  for (const auto& [descr, dtype] : cases) {
    const auto found = parse_npy_header(header(descr));
    ASSERT_TRUE(found) << descr << ": " << found.error().detail;
    EXPECT_EQ(found->dtype, dtype) << descr;
    EXPECT_EQ(found->item_bytes, bits_of(dtype) / 8) << descr;
  }
}

TEST(NpyHeader, ReadsRawElementsBySize) {
  const auto found = parse_npy_header(header("|V2"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->dtype, DType::any);
  EXPECT_EQ(found->item_bytes, 2U);
}

TEST(NpyHeader, ReadsAnyOrderOfKeysAndAnySpaceAndEitherQuote) {
  const auto found =
      parse_npy_header("\t{ \"shape\":( 3 ,4L ),'fortran_order' : True ,\"descr\":\"<f8\" }\n\n");
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->dtype, DType::float64);
  EXPECT_TRUE(found->is_fortran_order);
  EXPECT_EQ(found->shape, (Shape{3, 4}));
}

TEST(NpyHeader, ReadsScalarsAndZeroExtentsAndEightDimensions) {
  EXPECT_EQ(parse_npy_header(header("<f4", "()"))->shape, Shape{});
  EXPECT_EQ(parse_npy_header(header("<f4", "(0, 5)"))->shape, (Shape{0, 5}));
  EXPECT_EQ(parse_npy_header(header("<f4", "(1,2,3,4,5,6,7,8)"))->shape,
            (Shape{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(NpyHeader, NamesTheDtypeThatTensorsDoNotHave) {
  const std::pair<const char*, const char*> cases[] = {{">f4", "\">f4\": big-endian"},
                                                       {">c16", "\">c16\": big-endian"},
                                                       {"|O", "\"|O\": Python objects"},
                                                       {"<U5", "\"<U5\": strings"},
                                                       {"|S3", "\"|S3\": strings"},
                                                       {"<M8[ns]", "dates"},
                                                       {"<f16", "\"<f16\": no tensor"},
                                                       {"<i3", "no tensor"},
                                                       {"|V0", "raw elements"},
                                                       {"|V", "raw elements"},
                                                       {"|V99999999999999999999", "raw elements"},
                                                       {"", "no tensor"},
                                                       {"<", "no tensor"}};
  for (const auto& [descr, reason] : cases) {
    const auto found = parse_npy_header(header(descr));
    ASSERT_FALSE(found) << descr;
    EXPECT_EQ(found.error().code, Errc::unsupported) << descr;
    EXPECT_THAT(found.error().detail, HasSubstr(reason));
  }
}

TEST(NpyHeader, HintsAtWhatHelpsWithThatDtype) {
  const std::pair<const char*, const char*> cases[] = {{">f4", "array.astype(\"<f4\")"},
                                                       {"|O", "numpy.array("},
                                                       {"<U5", ".view(\"u1\")"},
                                                       {"<m8[ns]", "array.view(\"<i8\")"}};
  for (const auto& [descr, hint] : cases) {
    EXPECT_THAT(parse_npy_header(header(descr)).error().hint, HasSubstr(hint)) << descr;
  }
}

TEST(NpyHeader, RefusesStructuredElements) {
  const auto found = parse_npy_header(
      "{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (2,), }");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::unsupported);
  EXPECT_THAT(found.error().detail, HasSubstr("structured"));
  EXPECT_THAT(found.error().hint, HasSubstr("array[\"x\"]"));
}

TEST(NpyHeader, RefusesWhatIsNotThatLiteral) {
  for (const char* text :
       {"",
        "{",
        "}",
        "{}",
        "[]",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': 1}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,2,3,4,5,6,7,8,9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
        "{'descr': '<\\x66', 'fortran_order': False, 'shape': (2,)}",
        "{descr: '<f4', 'fortran_order': False, 'shape': (2,)}"}) {
    const auto found = parse_npy_header(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, Errc::bad_request) << text;
    EXPECT_FALSE(found.error().detail.empty());
  }
}

}  // namespace
}  // namespace tenure::cli
