// SPDX-License-Identifier: Apache-2.0
// What a broker says to packets that are no requests.
#include <string>
#include <string_view>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"
#include "tests/protocol/refusal.hpp"

namespace tenure::wire {
namespace {

void expect_fatal(std::string_view packet, std::string_view detail) {
  const BadRequest bad = must_refuse(packet);
  EXPECT_TRUE(bad.fatal) << packet;
  EXPECT_EQ(bad.error.code, Errc::bad_request) << packet;
  EXPECT_EQ(bad.error.detail, detail) << packet;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(BadPacket, ThatIsNotAnObjectEndsTheSession) {
  expect_fatal("[]", "packet: is not an object");
  expect_fatal("7", "packet: is not an object");
  expect_fatal(R"("hello")", "packet: is not an object");
  expect_fatal("null", "packet: is not an object");
}

TEST(BadPacket, ThatIsNotJsonEndsTheSession) {
  for (const std::string_view packet : {"",
                                        " ",
                                        "{",
                                        "}",
                                        "{]",
                                        "{\"id\"}",
                                        "{\"id\":7,}",
                                        "{'id':7}",
                                        "nul",
                                        "{\"id\":07}",
                                        "{\"id\":+7}",
                                        "{\"id\":7}{}",
                                        "{\"id\":NaN}",
                                        "{\"id\":7} x",
                                        "// {}",
                                        "\"\\ud800\"",
                                        "\"\n\""}) {
    const BadRequest bad = must_refuse(packet);
    EXPECT_TRUE(bad.fatal) << packet;
    EXPECT_EQ(bad.id, 0U) << packet;
    EXPECT_THAT(bad.error.detail, testing::StartsWith("packet: not JSON in UTF-8, from byte "));
  }
}

TEST(BadPacket, WithBytesBehindAZeroEndsTheSession) {
  const std::string packet = std::string(R"({"id":7,"op":"ping"})") + '\0' + "{";
  expect_fatal(packet, "packet: not JSON in UTF-8, from byte 21 on");
}

TEST(BadPacket, ThatIsNotUtf8EndsTheSession) {
  for (const std::string bytes : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3"}) {
    EXPECT_TRUE(must_refuse(R"({"id":7,"op":"remove","name":")" + bytes + R"("})").fatal);
  }
}

TEST(BadPacket, MayBeNested16DeepAndNoDeeper) {
  const auto packet = [](std::size_t depth) {
    return R"({"id":7,"op":"ping","x":)" + nested(depth) + "}";
  };
  EXPECT_TRUE(
      std::holds_alternative<Request>(decode_request(packet(15))));  // and the packet itself
  expect_fatal(packet(16), "packet: nested deeper than 16");
  expect_fatal(packet(30'000), "packet: nested deeper than 16");
}

TEST(BadPacket, MayHave64KiBAndNoMore) {
  const auto packet = [](std::size_t bytes) {
    const std::string head = R"({"id":7,"op":"ping","x":")";
    return head + std::string(bytes - head.size() - 2, 'x') + "\"}";
  };
  EXPECT_TRUE(std::holds_alternative<Request>(decode_request(packet(65536))));
  expect_fatal(packet(65537), "packet: 65537 bytes; at most 65536");
}

TEST(BadPacket, WithoutAUsableIdEndsTheSession) {
  expect_fatal(R"({"op":"ping"})", "id: is missing");
  expect_fatal(R"({"id":0,"op":"ping"})", "id: is 0; a request's id is from 1 up");
  for (const std::string id : {"-1",
                               "1.5",
                               "1.0",
                               "1e3",
                               "null",
                               "true",
                               "[]",
                               "{}",
                               "\"\"",
                               "\"x\"",
                               "\"1 \"",
                               "\"+1\"",
                               "\"-1\"",
                               "18446744073709551616",
                               "\"18446744073709551616\""}) {
    expect_fatal(R"({"id":)" + id + R"(,"op":"ping"})",
                 "id: is not an integer from 0 to 18446744073709551615");
  }
}

TEST(BadPacket, WithoutAnOperationEndsTheSession) {
  for (const std::string op : {"", R"(,"op":7)", R"(,"op":null)"}) {
    const BadRequest bad = must_refuse(R"({"id":7)" + op + "}");
    EXPECT_TRUE(bad.fatal);
    EXPECT_EQ(bad.id, 7U);
  }
}

TEST(BadRequest, OfAnUnknownOperationIsUnsupported) {
  for (const std::string op : {"eclipse", "", "Ping", "ping "}) {
    const BadRequest bad = must_refuse(R"({"id":7,"op":")" + op + R"("})");
    EXPECT_FALSE(bad.fatal);
    EXPECT_EQ(bad.id, 7U);
    EXPECT_EQ(bad.error.code, Errc::unsupported);
    EXPECT_THAT(bad.error.hint,
                testing::EndsWith("hello ping create open close remove list inspect stat cancel "
                                  "holders lend release transfer claim attach detach acknowledge "
                                  "wait_returned tokens revoke"));
  }
}

TEST(BadRequest, OfAnotherKindIsUnsupported) {
  for (const std::string kind : {"Queue", "eclipse", "", "Buffer", "buffer "}) {
    const BadRequest bad =
        must_refuse(R"({"id":7,"op":"create","name":"w","schema":[],"kind":")" + kind + R"("})");
    EXPECT_FALSE(bad.fatal);
    EXPECT_EQ(bad.error.code, Errc::unsupported);
    EXPECT_THAT(bad.error.detail, testing::StartsWith("kind: only "));
  }
}

TEST(BadRequest, NamesTheMissingField) {
  expect_field_refused("hello", R"("min_version":1)", "max_version: is missing");
  expect_field_refused("hello", R"("max_version":1)", "min_version: is missing");
  expect_field_refused("create", R"("kind":"topic")", "name: is missing");
  expect_field_refused("create", R"("name":"w")", "kind: is missing");
  expect_field_refused("create", R"("name":"w","kind":"topic")", "schema: is missing");
  expect_field_refused("open", R"("name":"w")", "as: is missing");
  expect_field_refused("open", R"("as":"publish")", "name: is missing");
  for (const std::string op : {"remove", "stat", "inspect"}) {
    expect_field_refused(op, R"("x":0)", "name: is missing");
  }
  expect_field_refused("close", R"("x":0)", "handle: is missing");
  expect_field_refused("holders", R"("x":0)", "handle: is missing");
  expect_field_refused("cancel", R"("x":0)", "request: is missing");
}

TEST(BadRequest, NamesTheFieldOfTheWrongType) {
  expect_field_refused("open", R"("name":7,"as":"publish")", "name: is not a string");
  expect_field_refused("open", R"("name":null,"as":"publish")", "name: is not a string");
  expect_field_refused("open",
                       R"("name":"w","as":"publisher")",
                       "as: is none of publish subscribe observe lend produce consume");
  expect_field_refused("open",
                       R"("name":"w","as":0)",
                       "as: is none of publish subscribe observe lend produce consume");
  expect_field_refused("list", R"("glob":["*"])", "glob: is not a string");
}

TEST(BadRequest, NamesTheNumberOutOfRange) {
  const std::string_view to_u32 = "min_version: is not an integer from 0 to 4294967295";
  for (const std::string number : {"-1", "4294967296", "1.0", "1e1", "\"4294967296\"", "1e400"}) {
    const std::string packet =
        R"({"id":7,"op":"hello","min_version":)" + number + R"(,"max_version":1})";
    const BadRequest bad = must_refuse(packet);
    EXPECT_FALSE(bad.fatal) << number;
    EXPECT_EQ(bad.error.detail, to_u32) << number;
  }
}

TEST(BadRequest, NamesTheTimeoutOutOfRange) {
  for (const std::string timeout : {"-1", "9223372036854775808", "0.5", "\"never\"", "null"}) {
    expect_field_refused("open",
                         R"("name":"w","as":"publish","timeout_ns":)" + timeout,
                         "timeout_ns: is not an integer from 0 to 9223372036854775807");
  }
}

TEST(BadRequest, NamesTheFieldOfATopicsOptions) {
  const auto with = [](const std::string& field) {
    return R"("name":"w","kind":"topic","schema":[],)" + field;
  };
  expect_field_refused(
      "create", with(R"("slots":-1)"), "slots: is not an integer from 0 to 18446744073709551615");
  expect_field_refused("create",
                       with(R"("subscribers":[])"),
                       "subscribers: is not an integer from 0 to 18446744073709551615");
  expect_field_refused(
      "create", with(R"("retention":"all")"), "retention: is none of overwrite lossless");
  expect_field_refused("create", with(R"("stamp":true)"), "stamp: is none of none monotonic");
  expect_field_refused(
      "create", with(R"("lifetime":"x")"), "lifetime: is none of session persistent");
  expect_field_refused("create", with(R"("pages":"x")"), "pages: is none of huge small");
  expect_field_refused("create",
                       with(R"("lag_limit_ms":-1)"),
                       "lag_limit_ms: is not an integer from 0 to 9223372036854775807");
  expect_field_refused(
      "create", with(R"("mode":"rwx")"), "mode: is not an integer from 0 to 4294967295");
  expect_field_refused(
      "create", with(R"("gid":-1)"), "gid: is not an integer from 0 to 4294967295");
  expect_field_refused("create", with(R"("schema_in_fd":1)"), "schema_in_fd: is not true or false");
  expect_field_refused(
      "create", with(R"("schema_in_fd":true)"), "schema: stands beside schema_in_fd");
}

TEST(BadRequest, NamesTheFieldOfASchema) {
  const auto with = [](const std::string& entry) {
    return R"("name":"w","kind":"topic","schema":[{"name":"a","dtype":"int8","shape":[]},)" +
           entry + "]";
  };
  expect_field_refused(
      "create", R"("name":"w","kind":"topic","schema":{})", "schema: is not an array");
  expect_field_refused("create", with("7"), "schema[1]: is not an object");
  expect_field_refused("create", with("{}"), "schema[1].name: is missing");
  expect_field_refused("create", with(R"({"name":"b","shape":[]})"), "schema[1].dtype: is missing");
  expect_field_refused(
      "create", with(R"({"name":"b","dtype":"int8"})"), "schema[1].shape: is missing");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":"int7","shape":[]})"),
                       "schema[1].dtype: is not the name of a dtype");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":7,"shape":[]})"),
                       "schema[1].dtype: is not the name of a dtype");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":"int8","shape":7})"),
                       "schema[1].shape: is not an array");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":"int8","shape":[1,-1]})"),
                       "schema[1].shape[1]: is not an integer from 0 to 9223372036854775807");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":"int8","shape":[1,1,1,1,1,1,1,1,1]})"),
                       "schema[1].shape: has 9 extents; at most 8");
}

}  // namespace
}  // namespace tenure::wire
