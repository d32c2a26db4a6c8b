// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include "proto/wire/codec.hpp"
#include "proto/wire/describe.hpp"
#include "proto/wire/json_reader.hpp"
#include "proto/wire/json_text.hpp"
#include "proto/wire/json_writer.hpp"

namespace tenure::wire {

std::string encode_schema(std::span<const TensorSpec> schema) {
  JsonWriter::Json array = JsonWriter::Json::array();
  for (const TensorSpec& spec : schema) {
    array.push_back(JsonWriter::json_of(spec));
  }
  return JsonWriter::text_of(array);
}

Result<std::vector<TensorSpec>> decode_schema(std::string_view text) {
  auto json = parse_json(text, kSchemaLimits);
  if (!json) {
    return std::move(json).error();
  }
  const auto refused = [](const std::string& why) {
    return Error{.code = Errc::bad_request, .detail = "schema: " + why};
  };
  if (!json->is_array()) {
    return refused("is not an array");
  }
  if (json->size() > kMaxSchemaTensors) {
    return refused(std::to_string(json->size()) + " tensors; at most " +
                   std::to_string(kMaxSchemaTensors));
  }
  JsonReader::Failure failure;
  std::vector<TensorSpec> schema(json->size());
  for (std::size_t i = 0; i < schema.size() && !failure; ++i) {
    JsonReader reader((*json)[i], "schema[" + std::to_string(i) + "]", failure);
    describe(reader, schema[i]);
  }
  if (failure) {
    return *std::move(failure);
  }
  return schema;
}

}  // namespace tenure::wire
