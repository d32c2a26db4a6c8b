// SPDX-License-Identifier: Apache-2.0
// The replies of queues, byte by byte.
#include <chrono>
#include <cstdint>

#include "tests/protocol/goldens.hpp"

namespace tenure::wire {
namespace {

using namespace std::chrono_literals;

const std::vector<TensorSpec>& schema() {
  static const std::vector<TensorSpec> tensors{{"w", DType::float32, {64, 10}}};
  return tensors;
}
constexpr const char* kSchema = R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}])";

OpenedQueue opened() {
  return {.handle = 5,
          .id = 43,
          .incarnation = 1,
          .slots = 64,
          .lanes = 2,
          .max_deliveries = 5,
          .slot_stride_bytes = 4096,
          .attribute_bytes = 256,
          .when_full = WhenFull::drop_oldest,
          .consume = Consume::in_place,
          .stamp = Stamp::monotonic,
          .owner = 65535,
          .schema = schema(),
          .grants = {{.memory = Memory::head,
                      .fd = 0,
                      .offset_bytes = 0,
                      .length_bytes = 8192,
                      .right = Right::write},
                     {.memory = Memory::data,
                      .fd = 1,
                      .offset_bytes = 0,
                      .length_bytes = 262144,
                      .right = Right::write}}};
}
constexpr const char* kOpened =
    R"({"id":7,"ok":{"what":"opened_queue","handle":5,"id":43,"incarnation":1,"slots":64,)"
    R"("lanes":2,"max_deliveries":5,"slot_stride_bytes":4096,"attribute_bytes":256,)"
    R"("when_full":"drop_oldest","consume":"in_place","stamp":"monotonic","owner":65535,)";
constexpr const char* kGrants =
    R"("grants":[{"memory":"head","fd":0,"offset_bytes":0,"length_bytes":8192,"right":"write"},)"
    R"({"memory":"data","fd":1,"offset_bytes":0,"length_bytes":262144,"right":"write"}]}})";

OpenedQueue opened_with_schema_in_fd() {
  OpenedQueue reply = opened();
  reply.schema.clear();
  reply.schema_fd = 2;
  return reply;
}

// As it was made, and nobody there.
SegmentInfo idle_info() {
  SegmentInfo info;
  info.name = std::string("q");  // As a literal, g++ 12 warns of a bound that is none.
  info.kind = Kind::queue;
  info.id = 43;
  info.incarnation = 1;
  info.size_bytes = 270336;
  info.slots = 64;
  info.uid = 1000;
  info.schema = schema();
  info.lanes = {Lane{}};
  return info;
}
constexpr const char* kInfo =
    R"({"name":"q","kind":"queue","id":43,"incarnation":1,"size_bytes":270336,"slots":64,)"
    R"("uid":1000,"lifetime":"session","pages":"huge","mode":448,)";
constexpr const char* kIdle =
    R"("retention":"overwrite","users":0,"version":0,"slots_held":0,"readers":[],)"
    R"("lanes":[{"depth":0,"again":0,"taken":0,"queued":0,"redelivered":0,"popped":0,)"
    R"("sleepers":0,"pollers":0}]})";

std::vector<Participant> participants() {
  const Peer peer{.session = 9, .uid = 1001, .pid = 4811, .name = "loader"};
  return {{.peer = peer, .produces = true, .lane = 0, .filling = 2},
          {.peer = peer, .lane = 1, .taken = 3},
          {.peer = peer, .taken = 1}};
}
constexpr const char* kParticipants =
    R"("participants":[{"peer":{"session":9,"uid":1001,"pid":4811,"name":"loader"},)"
    R"("produces":true,"lane":0,"filling":2,"taken":0},)"
    R"({"peer":{"session":9,"uid":1001,"pid":4811,"name":"loader"},)"
    R"("produces":false,"lane":1,"filling":0,"taken":3},)"
    R"({"peer":{"session":9,"uid":1001,"pid":4811,"name":"loader"},)"
    R"("produces":false,"filling":0,"taken":1}])";

SegmentInfo busy_info() {
  SegmentInfo info = idle_info();
  info.users = 3;
  info.slots_held = 20;
  info.consume = Consume::repeatable;
  info.when_full = WhenFull::drop_oldest;
  info.max_deliveries = 5;
  info.finished = true;
  info.lanes = {{.depth = 12,
                 .again = 1,
                 .taken = 3,
                 .queued = std::uint64_t{1} << 60U,
                 .redelivered = 4,
                 .popped = 5,
                 .age = 1500ms,
                 .sleepers = 6,
                 .pollers = 7}};
  info.parked = 2;
  info.poisoned = 1;
  info.participants = participants();
  return info;
}
constexpr const char* kBusy =
    R"("retention":"overwrite","users":3,"version":0,"slots_held":20,"readers":[],)"
    R"("consume":"repeatable","when_full":"drop_oldest","max_deliveries":5,"finished":true,)"
    R"("lanes":[{"depth":12,"again":1,"taken":3,"queued":"1152921504606846976",)"
    R"("redelivered":4,"popped":5,"age_ms":1500,"sleepers":6,"pollers":7}],)"
    R"("parked":2,"poisoned":1,)";

SegmentStat stat() {
  return {.wakes = 1,
          .queued = 2,
          .taken = 3,
          .redelivered = 4,
          .parked = 5,
          .acked = 6,
          .dropped = 7,
          .discarded = 8,
          .cancelled = 9};
}

}  // namespace

std::vector<MessageGolden> queue_messages() {
  return {
      {"OpenedQueue", Reply{7, opened()}, joined({kOpened, kSchema, ",", kGrants})},
      {"OpenedQueueWithSchemaInFd",
       Reply{7, opened_with_schema_in_fd()},
       joined({kOpened, R"("schema_fd":2,)", kGrants})},
      {"ListedQueue",
       Reply{4, Listed{.segments = {idle_info()}, .tensor_counts = {1}, .total = 1}},
       joined({R"({"id":4,"ok":{"what":"listed","segments":[)",
               kInfo,
               kSchema,
               ",",
               kIdle,
               R"(],"tensor_counts":[1],"more":false,"total":1,"used_bytes":0,)"
               R"("budget_bytes":0}})"})},
      {"InspectedQueue",
       Reply{5, Inspected{.info = busy_info(), .more = true, .last_handle = 88}},
       joined({R"({"id":5,"ok":{"what":"inspected","info":)",
               kInfo,
               kSchema,
               ",",
               kBusy,
               kParticipants,
               R"(},"more":true,"last_handle":88}})"})},
      {"CountedQueue",
       Reply{6, Counted{.stat = stat()}},
       R"({"id":6,"ok":{"what":"counted","stat":{"published":0,"views":0,"snapshots":0,)"
       R"("missed":0,"retries":0,"torn":0,"wakes":1,"queued":2,"taken":3,"redelivered":4,)"
       R"("parked":5,"published_bytes":0,"acked":6,"dropped":7,"discarded":8,"cancelled":9}}})"},
      {"HeldByParticipants",
       Reply{8, HeldBy{.readers = {}, .participants = participants()}},
       joined({R"({"id":8,"ok":{"what":"held_by","readers":[],)", kParticipants, "}}"})},
  };
}

}  // namespace tenure::wire
