// SPDX-License-Identifier: Apache-2.0
// The replies and events of buffers, byte by byte.
#include <chrono>
#include <cstdint>

#include "tests/protocol/goldens.hpp"

namespace tenure::wire {
namespace {

using namespace std::chrono_literals;

TensorSpec weights() {
  return {"w", DType::float32, {64, 10}};
}

SegmentInfo buffer_info() {
  SegmentInfo info;
  info.name = "pool";
  info.kind = Kind::buffer;
  info.id = 42;
  info.incarnation = 1;
  info.size_bytes = 12288;
  info.uid = 1000;
  info.schema = {weights()};
  info.users = 2;
  info.grain_bytes = 4096;
  info.handover = Handover::isolate;
  info.tokens = 2;
  info.offsets_bytes = {std::uint64_t{1} << 45U};
  return info;
}
constexpr const char* kInfo =
    R"({"name":"pool","kind":"buffer","id":42,"incarnation":1,"size_bytes":12288,"slots":0,)"
    R"("uid":1000,"lifetime":"session","pages":"huge","mode":448,)"
    R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}],"retention":"overwrite",)"
    R"("users":2,"version":0,"slots_held":0,"readers":[],"grain_bytes":4096,)"
    R"("handover":"isolate","tokens":2,"offsets_bytes":[35184372088832]})";

OpenedBuffer opened_buffer() {
  return {.handle = 4,
          .id = 42,
          .incarnation = 1,
          .size_bytes = 1 << 20,
          .grain_bytes = 1 << 16,
          .page_bytes = 4096,
          .root = 1,
          .schema = {{weights(), 8192}},
          .schema_fd = {}};
}
constexpr const char* kOpenedBuffer =
    R"({"id":7,"ok":{"what":"opened_buffer","handle":4,"id":42,"incarnation":1,)"
    R"("size_bytes":1048576,"grain_bytes":65536,"page_bytes":4096,)";

OpenedBuffer opened_buffer_with_schema_in_fd() {
  OpenedBuffer reply = opened_buffer();
  reply.root = 0;
  reply.schema.clear();
  reply.schema_fd = 0;
  return reply;
}

TokensListed tokens() {
  const Peer holder{.session = 3, .uid = 1000, .pid = 4702, .name = "trainer"};
  return {.tokens = {{.id = 1,
                      .mode = TokenMode::borrow,
                      .region = {0, 65536},
                      .holder = holder,
                      .state = TokenInfo::State::attached,
                      .age = 12ms,
                      .is_poisoned = true},
                     {.id = 4,
                      .issuer = 1,
                      .mode = TokenMode::freeze,
                      .region = {4096, 8192},
                      .holder = {},
                      .state = TokenInfo::State::ticket,
                      .age = 7ms,
                      .expires_in = 0ms}},
          .waiting = {{.who = holder,
                       .mode = TokenMode::freeze,
                       .regions = {{0, 4096}, {8192, 12288}},
                       .issuer = 1,
                       .age = 40ms,
                       .behind = "it"}},
          .poisoned = {{0, 4096}},
          .more = true,
          .last_turn = 6};
}
constexpr const char* kTokens =
    R"("tokens":[{"token":1,"issuer":0,"mode":"borrow","region":{"begin":0,"end":65536},)"
    R"("holder":{"session":3,"uid":1000,"pid":4702,"name":"trainer"},"state":"attached",)"
    R"("age_ms":12,"poisoned":true},)"
    R"({"token":4,"issuer":1,"mode":"freeze","region":{"begin":4096,"end":8192},)"
    R"("holder":{"session":0,"uid":0,"pid":0,"name":""},"state":"ticket","age_ms":7,)"
    R"("expires_in_ms":0,"poisoned":false}],)";
constexpr const char* kWaiting =
    R"("waiting":[{"who":{"session":3,"uid":1000,"pid":4702,"name":"trainer"},"mode":"freeze",)"
    R"("regions":[{"begin":0,"end":4096},{"begin":8192,"end":12288}],"issuer":1,"age_ms":40,)"
    R"("behind":"it"}],)";

}  // namespace

std::vector<MessageGolden> buffer_messages() {
  return {
      {"InspectedBuffer",
       Reply{5, Inspected{.info = buffer_info()}},
       joined({R"({"id":5,"ok":{"what":"inspected","info":)",
               kInfo,
               R"(,"more":false,"last_handle":0}})"})},
      {"OpenedBuffer",
       Reply{7, opened_buffer()},
       joined({kOpenedBuffer,
               R"("root":1,"schema":[{"name":"w","dtype":"float32","shape":[64,10],)"
               R"("offset_bytes":8192}]}})"})},
      {"OpenedBufferWithSchemaInFd",
       Reply{7, opened_buffer_with_schema_in_fd()},
       std::string(kOpenedBuffer) + R"("schema_fd":0}})"},
      {"Lent",
       Reply{10, Lent{.tokens = {{.token = 7}, {.token = 8, .is_poisoned = true}}}},
       R"({"id":10,"ok":{"what":"lent","tokens":[{"token":7,"poisoned":false},)"
       R"({"token":8,"poisoned":true}]}})"},
      {"Sent",
       Reply{11, Sent{.ticket = "tenure:7:ab"}},
       R"({"id":11,"ok":{"what":"sent","ticket":"tenure:7:ab"}})"},
      {"Claimed",
       Reply{12,
             Claimed{.token = 9,
                     .segment = "pool",
                     .mode = TokenMode::freeze,
                     .region = {4096, 8192},
                     .page_bytes = 4096,
                     .layout = "any \"text\"",
                     .is_poisoned = true}},
       R"({"id":12,"ok":{"what":"claimed","token":9,"segment":"pool","mode":"freeze",)"
       R"("region":{"begin":4096,"end":8192},"page_bytes":4096,)"
       R"("layout":"any \"text\"","poisoned":true}})"},
      {"ClaimedWithoutLayout",
       Reply{12, Claimed{.token = 9, .segment = "pool", .region = {0, 4096}, .page_bytes = 4096}},
       R"({"id":12,"ok":{"what":"claimed","token":9,"segment":"pool","mode":"borrow",)"
       R"("region":{"begin":0,"end":4096},"page_bytes":4096,"poisoned":false}})"},
      {"Attached",
       Reply{13,
             Attached{.pieces = {{.offset_bytes = 4096,
                                  .length_bytes = 8192,
                                  .fd = 0,
                                  .fd_offset_bytes = 4096,
                                  .is_writable = true},
                                 {.offset_bytes = 65536, .length_bytes = 4096, .fd = 239}},
                      .up_to_bytes = 69632}},
       R"({"id":13,"ok":{"what":"attached","pieces":[{"offset_bytes":4096,"length_bytes":8192,)"
       R"("fd":0,"fd_offset_bytes":4096,"writable":true},{"offset_bytes":65536,)"
       R"("length_bytes":4096,"fd":239,"fd_offset_bytes":0,"writable":false}],)"
       R"("up_to_bytes":69632}})"},
      {"TokensListed",
       Reply{14, tokens()},
       joined({R"({"id":14,"ok":{"what":"tokens_listed",)",
               kTokens,
               kWaiting,
               R"("poisoned":[{"begin":0,"end":4096}],"more":true,"last_turn":6}})"})},
      {"TokensListedNothing",
       Reply{14, TokensListed{}},
       R"({"id":14,"ok":{"what":"tokens_listed","tokens":[],"waiting":[],"poisoned":[],"more":false,)"
       R"("last_turn":0}})"},
      {"Ticket",
       Event{.what = Event::What::ticket, .segment = "w", .ticket = "t-1", .token = 5},
       R"({"event":"ticket","segment":"w","ticket":"t-1","token":5})"},
      {"Returned",
       Event{.what = Event::What::returned, .segment = "w", .ticket = "t-1", .token = 5},
       R"({"event":"returned","segment":"w","ticket":"t-1","token":5})"},
  };
}

}  // namespace tenure::wire
