// SPDX-License-Identifier: Apache-2.0
// The requests of queues, byte by byte.
#include <chrono>

#include "tests/protocol/goldens.hpp"

namespace tenure::wire {
namespace {

using namespace std::chrono_literals;

CreateQueue full_queue() {
  return {
      .name = "digits",
      .options = {
          .schema = {{"raw", DType::uint8, {64, 8, 8}}, {"x", DType::any, {16384}}},
          .slots = 65535,
          .lanes = 8,
          .max_deliveries = 0,
          .attribute_bytes = 0,
          .when_full = WhenFull::drop_oldest,
          .consume = Consume::repeatable,
          .stamp = Stamp::monotonic,
          .terms = {
              .lifetime = Lifetime::persistent, .pages = Pages::small, .mode = 0750, .gid = 44}}};
}

}  // namespace

CreateQueue small_queue() {
  return {.name = "q", .options = {.schema = {{"w", DType::float32, {64, 10}}}}};
}

std::vector<RequestGolden> queue_requests() {
  return {
      {"CreateQueueByDefault",
       {34, small_queue()},
       R"({"id":34,"op":"create","name":"q","kind":"queue",)"
       R"("schema":[{"name":"w","dtype":"float32","shape":[64,10]}],)"
       R"("slots":64,"lanes":1,"max_deliveries":5,"attribute_bytes":256,"when_full":"wait",)"
       R"("consume":"read","stamp":"none","lifetime":"session","pages":"huge","mode":448})"},
      {"CreateQueueInFull",
       {35, full_queue()},
       R"({"id":35,"op":"create","name":"digits","kind":"queue",)"
       R"("schema":[{"name":"raw","dtype":"uint8","shape":[64,8,8]},)"
       R"({"name":"x","dtype":"any","shape":[16384]}],)"
       R"("slots":65535,"lanes":8,"max_deliveries":0,"attribute_bytes":0,)"
       R"("when_full":"drop_oldest","consume":"repeatable","stamp":"monotonic",)"
       R"("lifetime":"persistent","pages":"small","mode":488,"gid":44})"},
      {"CreateQueueWithSchemaInFd",
       {36,
        CreateQueue{.name = "q",
                    .options = {.schema = {}, .consume = Consume::in_place},
                    .schema_in_fd = true}},
       R"({"id":36,"op":"create","name":"q","kind":"queue","schema_in_fd":true,)"
       R"("slots":64,"lanes":1,"max_deliveries":5,"attribute_bytes":256,"when_full":"wait",)"
       R"("consume":"in_place","stamp":"none","lifetime":"session","pages":"huge","mode":448})"},
      {"OpenToProduce",
       {37, Open{.name = "q", .as = OpenAs::produce, .timeout = 10s, .lane = 0}},
       R"({"id":37,"op":"open","name":"q","as":"produce","timeout_ns":10000000000,"lane":0})"},
      {"OpenToConsume",
       {38, Open{.name = "q", .as = OpenAs::consume, .lane = 7}},
       R"({"id":38,"op":"open","name":"q","as":"consume","timeout_ns":0,"lane":7})"},
      {"OpenToConsumeTheParked",
       {39, Open{.name = "q", .as = OpenAs::consume}},
       R"({"id":39,"op":"open","name":"q","as":"consume","timeout_ns":0})"},
  };
}

}  // namespace tenure::wire
