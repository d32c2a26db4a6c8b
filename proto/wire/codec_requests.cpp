// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "proto/wire/body_variant.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/describe.hpp"
#include "proto/wire/describe_buffer.hpp"
#include "proto/wire/describe_queue.hpp"
#include "proto/wire/json_reader.hpp"
#include "proto/wire/json_text.hpp"
#include "proto/wire/json_writer.hpp"

namespace tenure::wire {
namespace {

// In the order of RequestBody's alternatives.
constexpr std::array<std::string_view, std::variant_size_v<RequestBody>> kOps{
    "hello", "ping",    "create", "create",      "create",        "open",   "close",   "remove",
    "list",  "inspect", "stat",   "cancel",      "holders",       "lend",   "release", "transfer",
    "claim", "attach",  "detach", "acknowledge", "wait_returned", "tokens", "revoke"};

// Three alternatives share an op: what is to be created decides.
std::size_t alternative_of(std::size_t op, JsonReader& reader) {
  constexpr std::size_t create = 2;
  static_assert(std::is_same_v<std::variant_alternative_t<create, RequestBody>, CreateTopic>);
  static_assert(std::is_same_v<std::variant_alternative_t<create + 1, RequestBody>, CreateBuffer>);
  static_assert(std::is_same_v<std::variant_alternative_t<create + 2, RequestBody>, CreateQueue>);
  if (op != create) {
    return op;
  }
  std::string kind;
  reader.required("kind", kind);
  if (kind == "buffer") {
    return create + 1;
  }
  if (kind == "queue") {
    return create + 2;
  }
  if (kind != "topic") {
    reader.refuse(Errc::unsupported, "kind", "only \"topic\", \"queue\" and \"buffer\" are known");
  }
  return create;
}

Error unknown_op() {
  std::string known;
  std::string_view last;
  for (const std::string_view op : kOps) {
    if (op != std::exchange(last, op)) {
      known += (known.empty() ? "" : " ") + std::string(op);
    }
  }
  return {.code = Errc::unsupported,
          .detail = "op: no such operation",
          .hint = "this broker knows: " + known};
}

}  // namespace

std::string encode(const Request& request) {
  std::string text;
  {
    JsonWriter writer(text);
    writer.required("id", request.id);
    writer.constant("op", kOps[request.body.index()]);
    std::visit([&](const auto& body) { describe(writer, body); }, request.body);
  }
  return text;
}

std::variant<Request, BadRequest> decode_request(std::string_view packet) {
  auto json = parse_json(packet, kPacketLimits);
  if (!json) {
    return BadRequest{.error = std::move(json).error()};
  }
  JsonReader::Failure failure;
  JsonReader reader(json->root(), "", failure);
  Request request;
  reader.required("id", request.id);
  if (!failure && request.id == 0) {
    reader.refuse(Errc::bad_request, "id", "is 0; a request's id is from 1 up");
  }
  if (failure) {
    return BadRequest{.error = *std::move(failure)};
  }
  std::string op;
  reader.required("op", op);
  if (failure) {
    return BadRequest{.id = request.id, .error = *std::move(failure)};
  }
  const auto index = index_of(op, kOps);
  if (!index) {
    return BadRequest{.id = request.id, .error = unknown_op(), .fatal = false};
  }
  emplace_alternative(request.body, alternative_of(*index, reader));
  std::visit([&](auto& body) { describe(reader, body); }, request.body);
  if (failure) {
    return BadRequest{.id = request.id, .error = *std::move(failure), .fatal = false};
  }
  return request;
}

}  // namespace tenure::wire
