// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <utility>

#include "proto/wire/body_variant.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/describe.hpp"
#include "proto/wire/json_reader.hpp"
#include "proto/wire/json_text.hpp"
#include "proto/wire/json_writer.hpp"

namespace tenure::wire {
namespace {

// In the order of RequestBody's alternatives.
constexpr std::array<std::string_view, std::variant_size_v<RequestBody>> kOps{"hello",
                                                                              "ping",
                                                                              "create",
                                                                              "open",
                                                                              "close",
                                                                              "remove",
                                                                              "list",
                                                                              "inspect",
                                                                              "stat",
                                                                              "cancel",
                                                                              "holders"};

Error unknown_op() {
  std::string known;
  for (const std::string_view op : kOps) {
    known += (known.empty() ? "" : " ") + std::string(op);
  }
  return {.code = Errc::unsupported,
          .detail = "op: no such operation",
          .hint = "this broker knows: " + known};
}

}  // namespace

std::string encode(const Request& request) {
  JsonWriter writer;
  writer.required("id", request.id);
  writer.constant("op", kOps[request.body.index()]);
  std::visit([&](const auto& body) { describe(writer, body); }, request.body);
  return writer.text();
}

std::variant<Request, BadRequest> decode_request(std::string_view packet) {
  auto json = parse_json(packet, kPacketLimits);
  if (!json) {
    return BadRequest{.error = std::move(json).error()};
  }
  JsonReader::Failure failure;
  JsonReader reader(*json, "", failure);
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
  emplace_alternative(request.body, *index);
  std::visit([&](auto& body) { describe(reader, body); }, request.body);
  if (failure) {
    return BadRequest{.id = request.id, .error = *std::move(failure), .fatal = false};
  }
  return request;
}

}  // namespace tenure::wire
