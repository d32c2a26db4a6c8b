// SPDX-License-Identifier: Apache-2.0
// Every reply and event as it travels, byte by byte, and back.
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

std::string encode_any(const Message& message) {
  return std::visit([](const auto& alternative) { return encode(alternative); }, message);
}

const std::vector<TensorSpec>& schema() {
  static const std::vector<TensorSpec> tensors{{"w", DType::float32, {64, 10}}};
  return tensors;
}
constexpr const char* kSchema = R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}])";

Opened opened() {
  return {
      .handle = 3,
      .id = 41,
      .incarnation = 2,
      .kind = Kind::topic,
      .slots = 4,
      .subscribers = 63,
      .slot_stride_bytes = 4096,
      .attribute_bytes = 256,
      .retention = Retention::lossless,
      .lag_limit_ms = 10000,
      .stamp = Stamp::monotonic,
      .entry = 5,
      .schema = schema(),
      .grants = {{.memory = Memory::head, .fd = 0, .offset_bytes = 0, .length_bytes = 8192},
                 {.memory = Memory::bell,
                  .fd = 1,
                  .offset_bytes = 0,
                  .length_bytes = 8192,
                  .right = Right::write},
                 {.memory = Memory::data, .fd = 2, .offset_bytes = 4096, .length_bytes = 16384}}};
}
constexpr const char* kOpened =
    R"({"id":7,"ok":{"what":"opened","handle":3,"id":41,"incarnation":2,"kind":"topic","slots":4,)"
    R"("subscribers":63,"slot_stride_bytes":4096,"attribute_bytes":256,"retention":"lossless",)"
    R"("lag_limit_ms":10000,"stamp":"monotonic","entry":5,)";
constexpr const char* kGrants =
    R"("grants":[{"memory":"head","fd":0,"offset_bytes":0,"length_bytes":8192,"right":"read"},)"
    R"({"memory":"bell","fd":1,"offset_bytes":0,"length_bytes":8192,"right":"write"},)"
    R"({"memory":"data","fd":2,"offset_bytes":4096,"length_bytes":16384,"right":"read"}]}})";

Opened opened_with_schema_in_fd() {
  Opened reply = opened();
  reply.schema.clear();
  reply.schema_fd = 3;
  return reply;
}

SegmentInfo bare_info() {
  SegmentInfo info;
  info.name = "w";
  info.id = 41;
  info.incarnation = 1;
  info.size_bytes = 12288;
  info.slots = 4;
  info.uid = 1000;
  info.schema = schema();
  return info;
}
std::string bare_info_text() {
  return std::string(R"({"name":"w","kind":"topic","id":41,"incarnation":1,"size_bytes":12288,)"
                     R"("slots":4,"uid":1000,"lifetime":"session","pages":"huge","mode":448,)") +
         kSchema + R"(,"retention":"overwrite","users":0,"version":0,"slots_held":0,"readers":[]})";
}

Reader reader() {
  return {.peer = {.session = 9, .uid = 1001, .pid = 4811, .name = "viewer"},
          .access = Access::observe,
          .held = {3, std::uint64_t{1} << 57U},
          .seen = 18421,
          .missed = 3};
}
constexpr const char* kReader =
    R"({"peer":{"session":9,"uid":1001,"pid":4811,"name":"viewer"},"access":"observe",)"
    R"("held":[3,"144115188075855872"],"seen":18421,"missed":3})";

SegmentInfo full_info() {
  SegmentInfo info = bare_info();
  info.kind = Kind::queue;
  info.terms = {.lifetime = Lifetime::persistent, .pages = Pages::small, .mode = 0750, .gid = 44};
  info.publisher = Peer{.session = 3, .uid = 1000, .pid = -1, .name = "camera"};
  info.retention = Retention::lossless;
  info.users = 3;
  info.version = 18422;
  info.age = 12ms;
  info.slots_held = 1;
  info.readers = {reader()};
  return info;
}
std::string full_info_text() {
  return std::string(R"({"name":"w","kind":"queue","id":41,"incarnation":1,"size_bytes":12288,)"
                     R"("slots":4,"uid":1000,"lifetime":"persistent","pages":"small",)"
                     R"("mode":488,"gid":44,)") +
         kSchema +
         R"(,"publisher":{"session":3,"uid":1000,"pid":-1,"name":"camera"},)"
         R"("retention":"lossless","users":3,"version":18422,"age_ms":12,"slots_held":1,)"
         R"("readers":[)" +
         kReader + "]}";
}

Welcome welcome() {
  return {.version = 1,
          .session = 7,
          .page_bytes = 4096,
          .broker = "0.1.0",
          .budget_bytes = 8'000'000'000,
          .used_bytes = 12288,
          .up_ns = 5'000'000'000,
          .control_bytes = 70000};
}

SegmentStat stat() {
  return {.published = 1,
          .views = 2,
          .snapshots = 3,
          .missed = 4,
          .retries = 5,
          .torn = 6,
          .wakes = 7,
          .queued = 8,
          .taken = 9,
          .redelivered = 10,
          .parked = 11,
          .published_bytes = std::numeric_limits<std::uint64_t>::max()};
}

std::vector<MessageGolden> topic_messages() {
  return {
      {"Welcome",
       Reply{1, welcome()},
       R"({"id":1,"ok":{"what":"welcome","version":1,"session":7,"page_bytes":4096,)"
       R"("broker":"0.1.0","budget_bytes":8000000000,"used_bytes":12288,"up_ns":5000000000,)"
       R"("control_bytes":70000}})"},
      {"Done", Reply{2, Done{}}, R"({"id":2,"ok":{"what":"done"}})"},
      {"Created",
       Reply{3,
             Created{.id = 41,
                     .incarnation = 1,
                     .size_bytes = 12288,
                     .slot_bytes = 3072,
                     .existed = true}},
       R"({"id":3,"ok":{"what":"created","id":41,"incarnation":1,"size_bytes":12288,)"
       R"("slot_bytes":3072,"existed":true}})"},
      {"Opened", Reply{7, opened()}, std::string(kOpened) + kSchema + "," + kGrants},
      {"OpenedWithSchemaInFd",
       Reply{7, opened_with_schema_in_fd()},
       std::string(kOpened) + R"("schema_fd":3,)" + kGrants},
      {"Listed",
       Reply{4,
             Listed{.segments = {bare_info()},
                    .tensor_counts = {1},
                    .more = true,
                    .total = 9,
                    .used_bytes = 12288,
                    .budget_bytes = 8'000'000'000}},
       R"({"id":4,"ok":{"what":"listed","segments":[)" + bare_info_text() +
           R"(],"tensor_counts":[1],"more":true,"total":9,"used_bytes":12288,)"
           R"("budget_bytes":8000000000}})"},
      {"ListedNothing",
       Reply{4, Listed{}},
       R"({"id":4,"ok":{"what":"listed","segments":[],"tensor_counts":[],"more":false,)"
       R"("total":0,"used_bytes":0,"budget_bytes":0}})"},
      {"Inspected",
       Reply{5, Inspected{.info = full_info(), .schema_fd = 0, .more = true, .last_handle = 88}},
       R"({"id":5,"ok":{"what":"inspected","info":)" + full_info_text() +
           R"(,"schema_fd":0,"more":true,"last_handle":88}})"},
      {"Counted",
       Reply{6, Counted{.stat = stat()}},
       R"({"id":6,"ok":{"what":"counted","stat":{"published":1,"views":2,"snapshots":3,)"
       R"("missed":4,"retries":5,"torn":6,"wakes":7,"queued":8,"taken":9,"redelivered":10,)"
       R"("parked":11,"published_bytes":"18446744073709551615"}}})"},
      {"HeldBy",
       Reply{8, HeldBy{.readers = {reader()}, .participants = {}}},
       std::string(R"({"id":8,"ok":{"what":"held_by","readers":[)") + kReader + "]}}"},
      {"Error",
       Reply{9,
             Error{.code = Errc::quota,
                   .sys_errno = 12,
                   .count = 4096,
                   .detail = "uid 7",
                   .hint = "free some"}},
       R"_({"id":9,"error":{"code":"quota","message":"quota: uid 7 (free some)",)_"
       R"("detail":"uid 7","hint":"free some","count":4096,"errno":12}})"},
      {"BareError",
       Reply{0, Error{.code = Errc::timed_out}},
       R"({"id":0,"error":{"code":"timed_out","message":"timed_out"}})"},
      {"Removed",
       Event{.what = Event::What::removed, .segment = "w"},
       R"({"event":"removed","segment":"w"})"},
      {"Superseded",
       Event{.what = Event::What::superseded, .segment = "w"},
       R"({"event":"superseded","segment":"w"})"},
      {"PublisherGone",
       Event{.what = Event::What::publisher_gone, .segment = "w"},
       R"({"event":"publisher_gone","segment":"w"})"},
  };
}

std::vector<MessageGolden> goldens() {
  std::vector<MessageGolden> all = topic_messages();
  for (std::vector<MessageGolden> more : {buffer_messages(), queue_messages()}) {
    for (MessageGolden& golden : more) {
      all.push_back(std::move(golden));
    }
  }
  return all;
}

class MessageBytes : public testing::TestWithParam<MessageGolden> {};

TEST_P(MessageBytes, EncodesToTheseBytes) {
  EXPECT_EQ(encode_any(GetParam().message), GetParam().packet);
}

TEST_P(MessageBytes, DecodesFromTheseBytesLosingNothing) {
  const auto decoded = decode_message(GetParam().packet);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->index(), GetParam().message.index());
  EXPECT_EQ(encode_any(*decoded), GetParam().packet);
}

INSTANTIATE_TEST_SUITE_P(All, MessageBytes, testing::ValuesIn(goldens()), [](const auto& test) {
  return test.param.name;
});

TEST(MessageBytes, CoverEveryReply) {
  std::vector<bool> is_covered(std::variant_size_v<ReplyBody>, false);
  for (const MessageGolden& golden : goldens()) {
    if (const auto* reply = std::get_if<Reply>(&golden.message)) {
      is_covered[reply->body.index()] = true;
    }
  }
  EXPECT_EQ(is_covered, std::vector<bool>(is_covered.size(), true));
}

void expect_error(const std::string& packet, Errc code, const std::string& detail) {
  const auto decoded = decode_message(packet);
  ASSERT_FALSE(decoded) << packet;
  EXPECT_EQ(decoded.error().code, code) << packet;
  EXPECT_EQ(decoded.error().detail, detail) << packet;
}

TEST(MessageDecoding, SaysThatAnUnknownEventMayBeSkipped) {
  expect_error(
      R"({"event":"eclipse","segment":"w"})", Errc::unsupported, "event: unknown to this release");
}

TEST(MessageDecoding, ReadsAnErrorOfALaterBroker) {
  const auto decoded = decode_message(
      R"({"id":3,"error":{"code":"eclipse","message":"eclipse: dark","detail":"dark"}})");
  ASSERT_TRUE(decoded);
  const auto& error = std::get<Error>(std::get<Reply>(*decoded).body);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_EQ(error.detail, "eclipse: dark");
}

TEST(MessageDecoding, CallsEverythingElseCorrupt) {
  expect_error("", Errc::corrupt, "packet: not JSON in UTF-8, from byte 1 on");
  expect_error("[]", Errc::corrupt, "packet: is not an object");
  expect_error("{}", Errc::corrupt, "id: is missing");
  expect_error(R"({"id":1})", Errc::corrupt, "error: is missing");
  expect_error(R"({"id":1,"ok":[]})", Errc::corrupt, "ok: is not an object");
  expect_error(R"({"id":1,"ok":{}})", Errc::corrupt, "ok.what: is missing");
  expect_error(R"({"id":1,"ok":{"what":"eclipse"}})", Errc::corrupt, "ok.what: no such reply");
  expect_error(R"({"id":1,"ok":{"what":"created"}})", Errc::corrupt, "ok.id: is missing");
  expect_error(R"({"id":1,"error":{}})", Errc::corrupt, "error.code: is missing");
  expect_error(R"({"event":1})",
               Errc::corrupt,
               "event: is none of ticket returned superseded removed publisher_gone broker_back");
  expect_error(R"({"event":"removed"})", Errc::corrupt, "segment: is missing");
}

TEST(MessageDecoding, CallsAnUnusableTokenCorrupt) {
  const auto expect_missing = [](const std::string& reply, const std::string& path) {
    expect_error(R"({"id":1,"ok":{"what":)" + reply + "}}", Errc::corrupt, path + ": is missing");
  };
  expect_missing(R"("opened_buffer","handle":1)", "ok.id");
  expect_missing(R"("lent")", "ok.tokens");
  expect_missing(R"("lent","tokens":[{"token":1}])", "ok.tokens[0].poisoned");
  expect_missing(R"("sent")", "ok.ticket");
  expect_missing(R"("claimed","token":1)", "ok.segment");
  expect_missing(R"("attached","pieces":[])", "ok.up_to_bytes");
  expect_missing(R"("attached","pieces":[{"offset_bytes":0}])", "ok.pieces[0].length_bytes");
  expect_missing(R"("tokens_listed","tokens":[{"token":1}])", "ok.tokens[0].issuer");
  expect_missing(R"("tokens_listed","tokens":[],"waiting":[{"who":{}}])",
                 "ok.waiting[0].who.session");
  const Message listed = Reply{7, TokensListed{.tokens = {TokenInfo{}}, .waiting = {}}};
  std::string bad = encode_any(listed);
  bad.replace(bad.find(R"("held")"), 6, R"("sold")");
  expect_error(bad, Errc::corrupt, "ok.tokens[0].state: is none of held attached ticket orphaned");
}

TEST(MessageDecoding, CallsAnUnusableQueueCorrupt) {
  const auto expect_bad = [](const std::string& from, const std::string& to, const char* detail) {
    std::string packet;
    for (const MessageGolden& golden : queue_messages()) {
      packet =
          packet.empty() && golden.packet.find(from) != std::string::npos ? golden.packet : packet;
    }
    packet.replace(packet.find(from), from.size(), to);
    expect_error(packet, Errc::corrupt, detail);
  };
  expect_bad(R"("owner":65535,)", "", "ok.owner: is missing");
  expect_bad(R"("lanes":2,)", "", "ok.lanes: is missing");
  expect_bad(R"("consume":"in_place")",
             R"("consume":"all")",
             "ok.consume: is none of read in_place repeatable");
  expect_bad(R"([{"depth":0,)", "[{", "ok.segments[0].lanes[0].depth: is missing");
  expect_bad(R"("produces":true,)", "", "ok.info.participants[0].produces: is missing");
}

TEST(MessageDecoding, NamesTheFieldByItsPath) {
  const std::string good = encode(Reply{7, opened()});
  std::string bad = good;
  bad.replace(bad.find(R"("fd":1)"), 6, R"("fd":-1)");
  expect_error(bad, Errc::corrupt, "ok.grants[1].fd: is not an integer from 0 to 4294967295");
}

}  // namespace
}  // namespace tenure::wire
