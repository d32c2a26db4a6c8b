// SPDX-License-Identifier: Apache-2.0
// Every request as it travels, byte by byte, and back.
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"
#include "tests/protocol/goldens.hpp"

namespace tenure::wire {
namespace {

using namespace std::chrono_literals;

CreateTopic small_topic() {
  return {.name = "w", .options = {.schema = {{"w", DType::float32, {64, 10}}}}};
}

CreateTopic full_topic() {
  return {
      .name = "cam/0",
      .options = {
          .schema = {{"image", DType::uint8, {1080, 1920, 3}},
                     {"scale", DType::float64, {}},
                     {"blob", DType::any, {4096}},
                     {"q", static_cast<DType>(0x10400), {0}}},
          .slots = 8,
          .subscribers = 1023,
          .attribute_bytes = 0,
          .retention = Retention::lossless,
          .lag_limit = 250ms,
          .stamp = Stamp::monotonic,
          .terms = {
              .lifetime = Lifetime::persistent, .pages = Pages::small, .mode = 0750, .gid = 44}}};
}

CreateTopic topic_with_schema_in_fd() {
  return {.name = "w", .options = {.schema = {}, .slots = 3}, .schema_in_fd = true};
}

CreateBuffer small_buffer() {
  return {.name = "pool", .options = {.size_bytes = 65536}};
}

std::vector<RequestGolden> topic_requests() {
  return {
      {"Hello",
       {1, Hello{.min_version = 1, .max_version = 3, .client = "trainer"}},
       R"({"id":1,"op":"hello","min_version":1,"max_version":3,"client":"trainer"})"},
      {"Ping", {2, Ping{}}, R"({"id":2,"op":"ping"})"},
      {"CreateByDefault",
       {3, small_topic()},
       R"({"id":3,"op":"create","name":"w","kind":"topic",)"
       R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}],)"
       R"("slots":4,"subscribers":63,"attribute_bytes":256,"retention":"overwrite",)"
       R"("stamp":"none","lifetime":"session","pages":"huge","mode":448})"},
      {"CreateInFull",
       {4, full_topic()},
       R"({"id":4,"op":"create","name":"cam/0","kind":"topic",)"
       R"("schema":[{"name":"image","dtype":"uint8","shape":[1080,1920,3]},)"
       R"({"name":"scale","dtype":"float64","shape":[]},)"
       R"({"name":"blob","dtype":"any","shape":[4096]},)"
       R"({"name":"q","dtype":"0:4:1","shape":[0]}],)"
       R"("slots":8,"subscribers":1023,"attribute_bytes":0,"retention":"lossless",)"
       R"("lag_limit_ms":250,"stamp":"monotonic","lifetime":"persistent","pages":"small",)"
       R"("mode":488,"gid":44})"},
      {"CreateWithSchemaInFd",
       {5, topic_with_schema_in_fd()},
       R"({"id":5,"op":"create","name":"w","kind":"topic","schema_in_fd":true,)"
       R"("slots":3,"subscribers":63,"attribute_bytes":256,"retention":"overwrite",)"
       R"("stamp":"none","lifetime":"session","pages":"huge","mode":448})"},
      {"OpenAtOnce",
       {6, Open{.name = "w", .as = OpenAs::subscribe}},
       R"({"id":6,"op":"open","name":"w","as":"subscribe","timeout_ns":0})"},
      {"OpenWithDeadline",
       {7, Open{.name = "w", .as = OpenAs::publish, .timeout = 10s}},
       R"({"id":7,"op":"open","name":"w","as":"publish","timeout_ns":10000000000})"},
      {"OpenForever",
       {8, Open{.name = "w", .as = OpenAs::observe, .timeout = std::chrono::nanoseconds::max()}},
       R"({"id":8,"op":"open","name":"w","as":"observe","timeout_ns":"forever"})"},
      {"Close", {9, Close{.handle = 12}}, R"({"id":9,"op":"close","handle":12})"},
      {"Remove", {10, Remove{.name = "w"}}, R"({"id":10,"op":"remove","name":"w"})"},
      {"List",
       {11, List{.glob = "cam/*", .after = "cam/3"}},
       R"({"id":11,"op":"list","glob":"cam/*","after":"cam/3"})"},
      {"Inspect",
       {12, Inspect{.name = "w", .after_handle = 5}},
       R"({"id":12,"op":"inspect","name":"w","after_handle":5})"},
      {"Stat", {13, Stat{.name = "w"}}, R"({"id":13,"op":"stat","name":"w"})"},
      {"Cancel", {14, Cancel{.id = 8}}, R"({"id":14,"op":"cancel","request":8})"},
      {"Holders", {15, Holders{.handle = 12}}, R"({"id":15,"op":"holders","handle":12})"},
      {"LargestNumbers",
       {std::numeric_limits<std::uint64_t>::max(), Close{.handle = std::uint64_t{1} << 53U}},
       R"({"id":"18446744073709551615","op":"close","handle":"9007199254740992"})"},
      {"LargestPlainNumber",
       {1, Close{.handle = (std::uint64_t{1} << 53U) - 1}},
       R"({"id":1,"op":"close","handle":9007199254740991})"},
  };
}

std::vector<RequestGolden> goldens() {
  std::vector<RequestGolden> all = topic_requests();
  for (std::vector<RequestGolden> more : {buffer_requests(), queue_requests()}) {
    for (RequestGolden& golden : more) {
      all.push_back(std::move(golden));
    }
  }
  return all;
}

class RequestBytes : public testing::TestWithParam<RequestGolden> {};

TEST_P(RequestBytes, EncodesToTheseBytes) {
  EXPECT_EQ(encode(GetParam().request), GetParam().packet);
}

TEST_P(RequestBytes, DecodesFromTheseBytesLosingNothing) {
  const auto decoded = decode_request(GetParam().packet);
  ASSERT_TRUE(std::holds_alternative<Request>(decoded))
      << std::get<BadRequest>(decoded).error.message();
  const Request& request = std::get<Request>(decoded);
  EXPECT_EQ(request.body.index(), GetParam().request.body.index());
  EXPECT_EQ(encode(request), GetParam().packet);
}

INSTANTIATE_TEST_SUITE_P(All, RequestBytes, testing::ValuesIn(goldens()), [](const auto& test) {
  return test.param.name;
});

TEST(RequestBytes, CoverEveryOperation) {
  std::vector<bool> is_covered(std::variant_size_v<RequestBody>, false);
  for (const RequestGolden& golden : goldens()) {
    is_covered[golden.request.body.index()] = true;
  }
  EXPECT_EQ(is_covered, std::vector<bool>(is_covered.size(), true));
}

const Request& must_decode(const std::variant<Request, BadRequest>& decoded) {
  if (const auto* bad = std::get_if<BadRequest>(&decoded)) {
    throw Failure(bad->error);
  }
  return std::get<Request>(decoded);
}

TEST(RequestDefaults, AreThoseOfTheStructs) {
  const auto packet = R"({"op":"create","id":1,"kind":"topic","name":"w",)"
                      R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}]})";
  const auto decoded = decode_request(packet);
  EXPECT_EQ(encode(must_decode(decoded)), encode(Request{1, small_topic()}));
  const auto hello = decode_request(R"({"id":1,"op":"hello","min_version":1,"max_version":1})");
  EXPECT_EQ(encode(must_decode(hello)), encode(Request{1, Hello{}}));
  const auto open = decode_request(R"({"id":1,"op":"open","name":"w","as":"subscribe"})");
  EXPECT_EQ(encode(must_decode(open)), encode(Request{1, Open{.name = "w"}}));
  EXPECT_EQ(encode(must_decode(decode_request(R"({"id":1,"op":"list"})"))),
            encode(Request{1, List{}}));
  EXPECT_EQ(encode(must_decode(decode_request(R"({"id":1,"op":"inspect","name":"w"})"))),
            encode(Request{1, Inspect{.name = "w"}}));
}

TEST(RequestDefaults, OfBuffersAndTokensAreThoseOfTheStructs) {
  const auto create = decode_request(
      R"({"id":1,"op":"create","kind":"buffer","name":"pool","size_bytes":65536,"schema":[]})");
  EXPECT_EQ(encode(must_decode(create)), encode(Request{1, small_buffer()}));
  const auto lend = decode_request(R"({"id":1,"op":"lend","mode":"borrow","regions":[]})");
  EXPECT_EQ(encode(must_decode(lend)), encode(Request{1, Lend{}}));
  const auto transfer = decode_request(R"({"id":1,"op":"transfer","token":7})");
  EXPECT_EQ(encode(must_decode(transfer)), encode(Request{1, Transfer{.token = 7}}));
  const auto attach = decode_request(R"({"id":1,"op":"attach","token":7})");
  EXPECT_EQ(encode(must_decode(attach)), encode(Request{1, Attach{.token = 7}}));
  EXPECT_EQ(encode(must_decode(decode_request(R"({"id":1,"op":"wait_returned"})"))),
            encode(Request{1, WaitReturned{}}));
  EXPECT_EQ(encode(must_decode(decode_request(R"({"id":1,"op":"tokens","name":"pool"})"))),
            encode(Request{1, ListTokens{.name = "pool"}}));
}

TEST(RequestDefaults, OfQueuesAreThoseOfTheStructs) {
  const auto create =
      decode_request(R"({"id":1,"op":"create","kind":"queue","name":"q",)"
                     R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}]})");
  EXPECT_EQ(encode(must_decode(create)), encode(Request{1, small_queue()}));
  const auto open = decode_request(R"({"id":1,"op":"open","name":"q","as":"consume"})");
  EXPECT_EQ(encode(must_decode(open)),
            encode(Request{1, Open{.name = "q", .as = OpenAs::consume}}));
}

TEST(RequestDefaults, PlaceATensorAtTheBegin) {
  const auto create =
      decode_request(R"({"id":1,"op":"create","kind":"buffer","name":"pool","size_bytes":65536,)"
                     R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}]})");
  CreateBuffer placed = small_buffer();
  placed.options.schema = {{{"w", DType::float32, {64, 10}}, 0}};
  EXPECT_EQ(encode(must_decode(create)), encode(Request{1, placed}));
}

TEST(RequestDecoding, IgnoresUnknownFieldsAndTheirContents) {
  const auto decoded = decode_request(R"({"id":7,"op":"ping","later":{"a":[1,2,{"b":null}]}})");
  EXPECT_EQ(encode(must_decode(decoded)), R"({"id":7,"op":"ping"})");
}

TEST(RequestDecoding, ReadsIntegersFromStringsToo) {
  const auto decoded = decode_request(R"({"id":"7","op":"close","handle":"12"})");
  EXPECT_EQ(encode(must_decode(decoded)), R"({"id":7,"op":"close","handle":12})");
}

TEST(RequestDecoding, TakesTheLastOfTwoMembersOfOneName) {
  const auto decoded = decode_request(R"({"id":7,"op":"close","handle":{"x":1},"handle":12})");
  EXPECT_EQ(encode(must_decode(decoded)), R"({"id":7,"op":"close","handle":12})");
}

TEST(RequestEncoding, WritesAPastTimeoutAsNone) {
  EXPECT_EQ(encode(Request{1, Open{.name = "w", .timeout = -5s}}),
            R"({"id":1,"op":"open","name":"w","as":"subscribe","timeout_ns":0})");
}

TEST(RequestEncoding, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(encode(Request{1, Remove{.name = "a\xFF"}}),
            "{\"id\":1,\"op\":\"remove\",\"name\":\"a\xEF\xBF\xBD\"}");
}

TEST(RequestEncoding, KeepsARankBeyondTheLimitRefusable) {
  CreateTopic create{.name = "w"};
  create.options.schema = {{"w", DType::uint8, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}};
  const auto decoded = decode_request(encode(Request{1, create}));
  ASSERT_TRUE(std::holds_alternative<BadRequest>(decoded));
  EXPECT_EQ(std::get<BadRequest>(decoded).error.detail,
            "schema[0].shape: has 9 extents; at most 8");
}

}  // namespace
}  // namespace tenure::wire
