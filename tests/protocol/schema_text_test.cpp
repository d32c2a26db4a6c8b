// SPDX-License-Identifier: Apache-2.0
// A schema as text, as it stands in a memfd of its own.
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"

namespace tenure::wire {
namespace {

using Schema = std::vector<TensorSpec>;

void expect_refused(const std::string& text, const std::string& detail) {
  const auto decoded = decode_schema(text);
  ASSERT_FALSE(decoded) << text.substr(0, 200);
  EXPECT_EQ(decoded.error().code, Errc::bad_request);
  EXPECT_EQ(decoded.error().detail, detail);
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
  EXPECT_EQ(encode_schema({}), "[]");
  const auto decoded = decode_schema("[]");
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->empty());
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

}  // namespace
}  // namespace tenure::wire
