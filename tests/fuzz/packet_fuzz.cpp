// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come as a packet, a schema or a layout, decoding answers; and what it accepts is
// something that it would have written itself. For libFuzzer, and for corpus_replay_test.cpp.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace {

using namespace tenure::wire;
using tenure::Result;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

std::string encode_any(const Message& message) {
  return std::visit([](const auto& alternative) { return encode(alternative); }, message);
}

void try_request(std::string_view packet) {
  const auto decoded = decode_request(packet);
  const auto* request = std::get_if<Request>(&decoded);
  if (request == nullptr) {
    return require(!std::get<BadRequest>(decoded).error.detail.empty());
  }
  const std::string again = encode(*request);
  if (again.size() <= kMaxPacketBytes) {  // Defaults that were left out may make it too long.
    const auto twice = decode_request(again);
    require(std::holds_alternative<Request>(twice));
    require(encode(std::get<Request>(twice)) == again);
  }
}

void try_message(std::string_view packet) {
  const auto decoded = decode_message(packet);
  if (!decoded) {
    return require(!decoded.error().detail.empty());
  }
  const std::string again = encode_any(*decoded);
  if (again.size() <= kMaxPacketBytes) {
    const auto twice = decode_message(again);
    require(twice.has_value());
    require(encode_any(*twice) == again);
  }
}

template <class Schema>
void try_schema(std::string_view text, Result<Schema> (*decode)(std::string_view)) {
  const auto decoded = decode(text);
  if (!decoded) {
    return require(!decoded.error().detail.empty());
  }
  require(decoded->size() <= kMaxSchemaTensors);
  const std::string again = encode_schema(*decoded);
  if (again.size() <= kMaxSchemaBytes) {
    const auto twice = decode(again);
    require(twice.has_value());
    require(*twice == *decoded);
  }
}

void try_layout(std::string_view text) {
  const auto decoded = decode_layout(text);
  if (!decoded) {
    return require(!decoded.error().detail.empty());
  }
  require(text.size() <= kMaxLayoutBytes);
  const std::string again = encode_layout(*decoded);
  require(again.size() <= kMaxLayoutBytes);
  const auto twice = decode_layout(again);
  require(twice.has_value());
  require(encode_layout(*twice) == again);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(bytes), size);
  try_request(packet);
  try_message(packet);
  try_schema(packet, decode_schema);
  try_schema(packet, decode_placed_schema);
  try_layout(packet);
  return 0;
}
