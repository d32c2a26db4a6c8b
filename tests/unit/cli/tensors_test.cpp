// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/tensors.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using testing::HasSubstr;

TensorSpec parsed(std::string_view text) {
  auto spec = parse_tensor(text);
  EXPECT_TRUE(spec) << text << ": " << (spec ? "" : spec.error().message());
  return spec ? *spec : TensorSpec{};
}

TEST(ParseTensor, ReadsNameDtypeAndShape) {
  EXPECT_EQ(parsed("image:uint8:1080x1920x3"),
            (TensorSpec{"image", DType::uint8, {1080, 1920, 3}}));
  EXPECT_EQ(parsed("w:bfloat16:64"), (TensorSpec{"w", DType::bfloat16, {64}}));
}

TEST(ParseTensor, ReadsAScalarAsAnEmptyShape) {
  EXPECT_EQ(parsed("step:int64:"), (TensorSpec{"step", DType::int64, {}}));
}

TEST(ParseTensor, ReadsExtentsOfZero) {
  EXPECT_EQ(parsed("none:float32:0x4"), (TensorSpec{"none", DType::float32, {0, 4}}));
}

TEST(ParseTensor, ReadsAnOpenDtypeWithItsRoom) {
  EXPECT_EQ(parsed("blob:any:4096"), (TensorSpec{"blob", DType::any, {4096}}));
}

TEST(ParseTensor, ReadsADtypeInNumbers) {
  EXPECT_EQ(parsed("w:0:4:1:8x8"), (TensorSpec{"w", static_cast<DType>(0x10400), {8, 8}}));
}

TEST(ParseTensor, LetsANameContainColons) {
  EXPECT_EQ(parsed("model:w1:float32:2"), (TensorSpec{"model:w1", DType::float32, {2}}));
}

TEST(ParseTensor, RefusesWithAReasonAndAnExample) {
  const struct {
    const char* text;
    const char* reason;
  } cases[] = {{"", "are needed"},
               {"w", "are needed"},
               {"w:float32", "are needed"},
               {":float32:4", "are needed"},
               {"w:float33:4", "no dtype \"float33\""},
               {"w::4", "no dtype"},
               {"w:float32:4x", "numbers joined by x"},
               {"w:float32:x4", "numbers joined by x"},
               {"w:float32:4xx4", "numbers joined by x"},
               {"w:float32:-4", "numbers joined by x"},
               {"w:float32:4,4", "numbers joined by x"},
               {"w:float32: 4", "numbers joined by x"},
               {"w:float32:9223372036854775808", "numbers joined by x"},
               {"w:float32:1x1x1x1x1x1x1x1x1", "at most 8 dimensions"},
               {"w:any:", "room in bytes"},
               {"w:any:4x4", "room in bytes"}};
  for (const auto& [text, reason] : cases) {
    const auto spec = parse_tensor(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code, Errc::bad_request);
    EXPECT_THAT(spec.error().detail, HasSubstr(reason)) << text;
    EXPECT_THAT(spec.error().hint, HasSubstr("NAME:DTYPE:AxBxC"));
  }
}

TEST(FormatSchema, ShowsTheFirstTensorAndHowManyFollow) {
  EXPECT_EQ(format_schema({}), "-");
  const std::vector<TensorSpec> one{{"image", DType::uint8, {1080, 1920, 3}}};
  EXPECT_EQ(format_schema(one), "image uint8[1080,1920,3]");
  const std::vector<TensorSpec> three{
      {"w", DType::float32, {2}}, {"b", DType::float32, {}}, {"c", DType::any, {64}}};
  EXPECT_EQ(format_schema(three), "w float32[2] +2");
}

TEST(FormatType, SaysHowMuchAnOpenDtypeTakes) {
  EXPECT_EQ(format_type({"blob", DType::any, {4096}}), "any, up to 4.0 KiB");
  EXPECT_EQ(format_type({"step", DType::int64, {}}), "int64[]");
}

TEST(RoomBytes, PacksSubByteElements) {
  EXPECT_EQ(room_bytes(TensorSpec{"w", static_cast<DType>(0x10400), {3}}), 2U);
  EXPECT_EQ(room_bytes(TensorSpec{"w", DType::float64, {}}), 8U);
  EXPECT_EQ(room_bytes(TensorSpec{"w", DType::float64, {7, 0}}), 0U);
}

TEST(RoomBytes, IsTheLargestNumberWhereItDoesNotFit) {
  const std::int64_t large = std::numeric_limits<std::int64_t>::max();
  const TensorSpec huge{"w", DType::float64, {large, large}};
  EXPECT_EQ(room_bytes(huge), std::numeric_limits<std::uint64_t>::max());
  const std::vector<TensorSpec> two{huge, huge};
  EXPECT_EQ(room_bytes(two), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace tenure::cli
