// SPDX-License-Identifier: Apache-2.0
// A schema as text, as it stands in a memfd of its own; a layout, as it travels with a token.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"

namespace tenure::wire {
namespace {

using namespace std::string_literals;
using Schema = std::vector<TensorSpec>;
using PlacedSchema = std::vector<FixedTensor>;

template <class T>
void expect_bad(const Result<T>& decoded, const std::string& text, const std::string& detail) {
  ASSERT_FALSE(decoded) << text.substr(0, 200);
  EXPECT_EQ(decoded.error().code, Errc::bad_request);
  EXPECT_EQ(decoded.error().detail, detail);
}

// Whether or not it has offsets.
void expect_refused(const std::string& text, const std::string& detail) {
  expect_bad(decode_schema(text), text, detail);
  expect_bad(decode_placed_schema(text), text, detail);
}

void expect_no_layout(const std::string& text, const std::string& detail) {
  expect_bad(decode_layout(text), text, detail);
}

std::string repeated(const std::string& item, std::size_t count) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + item;
  }
  return text + "]";
}

TEST(SchemaText, IsAnArrayOfNameDTypeShape) {
  const Schema schema{{"w", DType::float32, {64, 10}}, {"\"é\"\n", DType::any, {7}}};
  const std::string text =
      R"([{"name":"w","dtype":"float32","shape":[64,10]},{"name":"\"é\"\n","dtype":"any","shape":[7]}])";
  EXPECT_EQ(encode_schema(schema), text);
  const auto decoded = decode_schema(text);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, schema);
}

TEST(SchemaText, MayBeEmpty) {
  EXPECT_EQ(encode_schema(Schema{}), "[]");
  EXPECT_EQ(encode_schema(PlacedSchema{}), "[]");
  const auto decoded = decode_schema("[]");
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->empty());
  const auto placed = decode_placed_schema("[]");
  ASSERT_TRUE(placed);
  EXPECT_TRUE(placed->empty());
}

TEST(SchemaText, TakesTheLargestSchemaThereIs) {
  Schema schema;
  for (std::size_t i = 0; i < kMaxSchemaTensors; ++i) {
    const std::string number = std::to_string(i);
    schema.push_back({std::string(255 - number.size(), 'n') + number,
                      DType::complex128,
                      {1'000'000'000'000, 1, 1, 1, 1, 1, 1, 1}});
  }
  const std::string text = encode_schema(schema);
  EXPECT_LE(text.size(), kMaxSchemaBytes);
  const auto decoded = decode_schema(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, schema);
}

TEST(SchemaText, RefusesMoreTensors) {
  const std::string entry = R"({"name":"w","dtype":"int8","shape":[]})";
  EXPECT_TRUE(decode_schema(repeated(entry, kMaxSchemaTensors)));
  EXPECT_TRUE(decode_placed_schema(repeated(entry, kMaxSchemaTensors)));
  expect_refused(repeated(entry, kMaxSchemaTensors + 1), "schema: 4097 tensors; at most 4096");
}

TEST(SchemaText, RefusesMoreBytes) {
  expect_refused(std::string(kMaxSchemaBytes + 1, ' '), "schema: 4194305 bytes; at most 4194304");
}

TEST(SchemaText, RefusesMoreValuesBeforeItHoldsThem) {
  expect_refused(repeated("0", 2'000'000), "schema: more than 98304 values");
  expect_refused(repeated("{}", 1'000'000), "schema: more than 98304 values");
}

TEST(SchemaText, RefusesWhatIsNone) {
  expect_refused("", "schema: not JSON in UTF-8, from byte 1 on");
  expect_refused("{}", "schema: is not an array");
  expect_refused("[7]", "schema[0]: is not an object");
  expect_refused(R"([{"name":"w","dtype":"int8"}])", "schema[0].shape: is missing");
  expect_refused(std::string(100, '['), "schema: nested deeper than 16");
}

TEST(PlacedSchemaText, HasAnOffsetBesides) {
  const PlacedSchema schema{{{"w", DType::float32, {64, 10}}, 0},
                            {{"b", DType::int8, {}}, std::uint64_t{1} << 60U}};
  const std::string text =
      R"([{"name":"w","dtype":"float32","shape":[64,10],"offset_bytes":0},)"
      R"({"name":"b","dtype":"int8","shape":[],"offset_bytes":"1152921504606846976"}])";
  EXPECT_EQ(encode_schema(schema), text);
  const auto decoded = decode_placed_schema(text);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, schema);
}

TEST(PlacedSchemaText, BeginsWhereNothingElseIsSaid) {
  const auto decoded = decode_placed_schema(R"([{"name":"w","dtype":"int8","shape":[7]}])");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->front().offset_bytes, 0U);
}

TEST(PlacedSchemaText, IsASchemaForWhoDoesNotAskWhere) {
  const auto decoded =
      decode_schema(R"([{"name":"w","dtype":"int8","shape":[7],"offset_bytes":4096}])");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, (Schema{{"w", DType::int8, {7}}}));
}

TEST(PlacedSchemaText, TakesTheLargestSchemaThereIs) {
  PlacedSchema schema;
  for (std::size_t i = 0; i < kMaxSchemaTensors; ++i) {
    const std::string number = std::to_string(i);
    schema.push_back({{std::string(255 - number.size(), 'n') + number,
                       DType::complex128,
                       {1'000'000'000'000, 1, 1, 1, 1, 1, 1, 1}},
                      std::uint64_t{1} << 46U});
  }
  const std::string text = encode_schema(schema);
  EXPECT_LE(text.size(), kMaxSchemaBytes);
  const auto decoded = decode_placed_schema(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, schema);
}

TEST(PlacedSchemaText, RefusesWhatIsNoOffset) {
  for (const std::string offset : {"-1", "0.5", "null", "[]", "18446744073709551616"}) {
    const std::string text =
        R"([{"name":"w","dtype":"int8","shape":[7],"offset_bytes":)" + offset + "}]";
    expect_bad(decode_placed_schema(text),
               text,
               "schema[0].offset_bytes: is not an integer from 0 to 18446744073709551615");
  }
}

void expect_same(const Layout& layout, const std::string& text) {
  EXPECT_EQ(encode_layout(layout), text);
  const auto decoded = decode_layout(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->dtype, layout.dtype);
  EXPECT_EQ(decoded->shape, layout.shape);
  EXPECT_EQ(decoded->offset_bytes, layout.offset_bytes);
}

TEST(LayoutText, IsDTypeShapeAndPerhapsOffset) {
  expect_same({.dtype = DType::float32, .shape = {64, 10}},
              R"({"dtype":"float32","shape":[64,10]})");
  expect_same({.dtype = DType::bfloat16, .shape = {}, .offset_bytes = 0},
              R"({"dtype":"bfloat16","shape":[],"offset_bytes":0})");
}

TEST(LayoutText, OfTheLargestTensorFits) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Layout layout{.dtype = static_cast<DType>(0xFFFFFFFF),
                      .shape = {most, most, most, most, most, most, most, most},
                      .offset_bytes = std::numeric_limits<std::uint64_t>::max()};
  const std::string text = encode_layout(layout);
  EXPECT_LE(text.size(), kMaxLayoutBytes);
  expect_same(layout, text);
}

TEST(LayoutText, Has256BytesAtMost) {
  const std::string text = R"({"dtype":"int8","shape":[7]})";
  const std::string longest = text + std::string(kMaxLayoutBytes - text.size(), ' ');
  EXPECT_TRUE(decode_layout(longest));
  expect_no_layout(longest + " ", "layout: 257 bytes; at most 256");
}

TEST(LayoutText, MayHaveMembersOfLaterReleases) {
  const auto decoded = decode_layout(R"({"dtype":"int8","shape":[7],"strides":[1]})");
  EXPECT_TRUE(decoded);
}

TEST(LayoutText, RefusesWhatIsNone) {
  expect_no_layout("", "layout: not JSON in UTF-8, from byte 1 on");
  expect_no_layout("{}\0"s, "layout: not JSON in UTF-8, from byte 3 on");
  expect_no_layout("[]", "layout: is not an object");
  expect_no_layout(std::string(100, '['), "layout: nested deeper than 16");
  expect_no_layout(R"({"shape":[7]})", "layout.dtype: is missing");
  expect_no_layout(R"({"dtype":"int8"})", "layout.shape: is missing");
  expect_no_layout(R"({"dtype":"int7","shape":[]})", "layout.dtype: is not the name of a dtype");
  expect_no_layout(R"({"dtype":"int8","shape":[-1]})",
                   "layout.shape[0]: is not an integer from 0 to 9223372036854775807");
  expect_no_layout(R"({"dtype":"int8","shape":[],"offset_bytes":-1})",
                   "layout.offset_bytes: is not an integer from 0 to 18446744073709551615");
}

}  // namespace
}  // namespace tenure::wire
