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
#include "proto/wire/error_names.hpp"
#include "proto/wire/json_reader.hpp"
#include "proto/wire/json_text.hpp"
#include "proto/wire/json_writer.hpp"

namespace tenure::wire {
namespace {

template <class A, Of<Error> M>
void describe_rest(A& archive, M& error) {
  archive.terse("detail", error.detail);
  archive.terse("hint", error.hint);
  archive.terse("count", error.count);
  archive.terse("errno", error.sys_errno);
}

}  // namespace

// The message is for those who read packets; nobody reads it back.
static void describe(JsonWriter& writer, const Error& error) {
  writer.constant("code", name_of(error.code));
  writer.required("message", error.message());
  describe_rest(writer, error);
}

static void describe(JsonReader& reader, Error& error) {
  std::string code;
  reader.required("code", code);
  describe_rest(reader, error);
  if (const auto known = code_of(code)) {
    error.code = *known;
  } else {  // A later broker may know more codes; this release cannot do anything about them.
    error.code = Errc::unsupported;
    error.detail = code + ": " + error.detail;
  }
}

namespace {

// In the order of ReplyBody's alternatives, but for the last: an Error is no "ok".
constexpr std::array<std::string_view, std::variant_size_v<ReplyBody> - 1> kReplies{"welcome",
                                                                                    "done",
                                                                                    "created",
                                                                                    "opened",
                                                                                    "listed",
                                                                                    "inspected",
                                                                                    "counted",
                                                                                    "held_by",
                                                                                    "opened_buffer",
                                                                                    "lent",
                                                                                    "sent",
                                                                                    "claimed",
                                                                                    "attached",
                                                                                    "tokens_listed",
                                                                                    "opened_queue"};
static_assert(std::is_same_v<std::variant_alternative_t<kReplies.size(), ReplyBody>, Error>);

Error corrupt(Error why) {
  why.code = Errc::corrupt;
  return why;
}

Result<Message> decode_event(JsonReader& reader,
                             const JsonValue& what,
                             JsonReader::Failure& failure) {
  if (what.is(JsonValue::Kind::string) && !index_of(what.text(), EnumNames<Event::What>::kAll)) {
    return Error{.code = Errc::unsupported, .detail = "event: unknown to this release"};
  }
  Event event;
  describe(reader, event);
  if (failure) {
    return corrupt(*std::move(failure));
  }
  return Message(std::move(event));
}

void read_ok(const JsonReader& reader, ReplyBody& body) {
  JsonReader ok = reader.nested("ok");
  std::string what;
  ok.required("what", what);
  const auto index = index_of(what, kReplies);
  if (!index) {
    return ok.refuse(Errc::corrupt, "ok.what", "no such reply");
  }
  emplace_alternative(body, *index);
  std::visit([&](auto& alternative) { describe(ok, alternative); }, body);
}

}  // namespace

std::string encode(const Reply& reply) {
  std::string text;
  {
    JsonWriter writer(text);
    writer.required("id", reply.id);
    if (const Error* error = std::get_if<Error>(&reply.body)) {
      writer.required("error", *error);
    } else {
      std::visit([&](const auto& body) { writer.tagged("ok", kReplies[reply.body.index()], body); },
                 reply.body);
    }
  }
  return text;
}

std::string encode(const Event& event) {
  std::string text;
  JsonWriter::append(text, event);
  return text;
}

Result<Message> decode_message(std::string_view packet) {
  auto json = parse_json(packet, kPacketLimits);
  if (!json) {
    return corrupt(std::move(json).error());
  }
  JsonReader::Failure failure;
  JsonReader reader(json->root(), "", failure);
  if (reader.has("event")) {
    return decode_event(reader, *json->root().find("event"), failure);
  }
  Reply reply;
  reader.required("id", reply.id);
  if (reader.has("ok")) {
    read_ok(reader, reply.body);
  } else {
    reader.required("error", reply.body.emplace<Error>());
  }
  if (failure) {
    return corrupt(*std::move(failure));
  }
  return Message(std::move(reply));
}

}  // namespace tenure::wire
