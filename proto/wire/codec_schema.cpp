// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include "proto/wire/codec.hpp"
#include "proto/wire/describe_buffer.hpp"
#include "proto/wire/json_reader.hpp"
#include "proto/wire/json_text.hpp"
#include "proto/wire/json_writer.hpp"

namespace tenure::wire {

namespace {

template <class Entry>
std::string encode_entries(std::span<const Entry> schema) {
  std::string text;
  JsonWriter::append(text, schema);
  return text;
}

template <class Entry>
Result<std::vector<Entry>> decode_entries(std::string_view text) {
  auto json = parse_json(text, kSchemaLimits);
  if (!json) {
    return std::move(json).error();
  }
  const auto refused = [](const std::string& why) {
    return Error{.code = Errc::bad_request, .detail = "schema: " + why};
  };
  const JsonValue list = json->root();
  if (!list.is(JsonValue::Kind::array)) {
    return refused("is not an array");
  }
  if (list.size() > kMaxSchemaTensors) {
    return refused(std::to_string(list.size()) + " tensors; at most " +
                   std::to_string(kMaxSchemaTensors));
  }
  JsonReader::Failure failure;
  std::vector<Entry> schema;
  schema.reserve(list.size());
  for (const JsonValue entry : list) {
    JsonReader reader(entry, "schema[" + std::to_string(schema.size()) + "]", failure);
    describe(reader, schema.emplace_back());
    if (failure) {
      return *std::move(failure);
    }
  }
  return schema;
}

}  // namespace

std::string encode_schema(std::span<const TensorSpec> schema) {
  return encode_entries(schema);
}

std::string encode_schema(std::span<const FixedTensor> schema) {
  return encode_entries(schema);
}

Result<std::vector<TensorSpec>> decode_schema(std::string_view text) {
  return decode_entries<TensorSpec>(text);
}

Result<std::vector<FixedTensor>> decode_placed_schema(std::string_view text) {
  return decode_entries<FixedTensor>(text);
}

std::string encode_layout(const Layout& layout) {
  std::string text;
  JsonWriter::append(text, layout);
  return text;
}

Result<Layout> decode_layout(std::string_view text) {
  auto json = parse_json(text, kLayoutLimits);
  if (!json) {
    return std::move(json).error();
  }
  JsonReader::Failure failure;
  JsonReader reader(json->root(), "layout", failure);
  Layout layout;
  describe(reader, layout);
  if (failure) {
    return *std::move(failure);
  }
  return layout;
}

}  // namespace tenure::wire
