// SPDX-License-Identifier: Apache-2.0
// The requests of buffers, byte by byte.
#include <chrono>
#include <cstdint>

#include "tests/protocol/goldens.hpp"

namespace tenure::wire {
namespace {

using namespace std::chrono_literals;

CreateBuffer small_buffer() {
  return {.name = "pool", .options = {.size_bytes = 65536}};
}

CreateBuffer full_buffer() {
  return {
      .name = "pool",
      .options = {
          .size_bytes = std::uint64_t{1} << 46U,
          .grain_bytes = std::uint64_t{1} << 39U,
          .schema = {{{"w", DType::float32, {64, 10}}, 0}, {{"b", DType::bfloat16, {}}, 65536}},
          .root = Root::broker,
          .handover = Handover::isolate,
          .terms = {
              .lifetime = Lifetime::persistent, .pages = Pages::small, .mode = 0750, .gid = 44}}};
}

Lend full_lend() {
  return {.handle = 12,
          .issuer = 7,
          .mode = TokenMode::freeze,
          .regions = {{0, 4096}, {8192, 16384}},
          .layout = R"({"dtype":"int8","shape":[9]})",
          .timeout = 10s};
}

}  // namespace

std::vector<RequestGolden> buffer_requests() {
  return {
      {"CreateBufferByDefault",
       {16, small_buffer()},
       R"({"id":16,"op":"create","name":"pool","kind":"buffer","size_bytes":65536,)"
       R"("grain_bytes":0,"schema":[],"root":"creator","handover":"share",)"
       R"("lifetime":"session","pages":"huge","mode":448})"},
      {"CreateBufferInFull",
       {17, full_buffer()},
       R"({"id":17,"op":"create","name":"pool","kind":"buffer","size_bytes":70368744177664,)"
       R"("grain_bytes":549755813888,)"
       R"("schema":[{"name":"w","dtype":"float32","shape":[64,10],"offset_bytes":0},)"
       R"({"name":"b","dtype":"bfloat16","shape":[],"offset_bytes":65536}],)"
       R"("root":"broker","handover":"isolate","lifetime":"persistent","pages":"small",)"
       R"("mode":488,"gid":44})"},
      {"CreateBufferWithSchemaInFd",
       {18, CreateBuffer{.name = "pool", .options = {.size_bytes = 4096}, .schema_in_fd = true}},
       R"({"id":18,"op":"create","name":"pool","kind":"buffer","size_bytes":4096,)"
       R"("grain_bytes":0,"schema_in_fd":true,"root":"creator","handover":"share",)"
       R"("lifetime":"session","pages":"huge","mode":448})"},
      {"OpenToLend",
       {19, Open{.name = "pool", .as = OpenAs::lend}},
       R"({"id":19,"op":"open","name":"pool","as":"lend","timeout_ns":0})"},
      {"LendAtOnce",
       {20, Lend{.handle = 12, .regions = {{0, 4096}}}},
       R"({"id":20,"op":"lend","handle":12,"issuer":0,"mode":"borrow",)"
       R"("regions":[{"begin":0,"end":4096}],"timeout_ns":0})"},
      {"LendInFull",
       {21, full_lend()},
       R"({"id":21,"op":"lend","handle":12,"issuer":7,"mode":"freeze",)"
       R"("regions":[{"begin":0,"end":4096},{"begin":8192,"end":16384}],)"
       R"("layout":"{\"dtype\":\"int8\",\"shape\":[9]}","timeout_ns":10000000000})"},
      {"Release", {22, Release{.token = 7}}, R"({"id":22,"op":"release","token":7})"},
      {"TransferByDefault",
       {23, Transfer{.token = 7}},
       R"({"id":23,"op":"transfer","token":7,"expires_in_ms":60000})"},
      {"TransferInFull",
       {24, Transfer{.token = 7, .expires_in = 250ms, .to_uid = 0, .to_session = 9}},
       R"({"id":24,"op":"transfer","token":7,"expires_in_ms":250,"to_uid":0,"to_session":9})"},
      {"ClaimEither",
       {25, Claim{.ticket = "tenure:7:ab"}},
       R"({"id":25,"op":"claim","ticket":"tenure:7:ab"})"},
      {"ClaimOne",
       {26, Claim{.ticket = "tenure:7:ab", .mode = TokenMode::borrow}},
       R"({"id":26,"op":"claim","ticket":"tenure:7:ab","mode":"borrow"})"},
      {"Attach",
       {27, Attach{.token = 7, .from_bytes = 4096}},
       R"({"id":27,"op":"attach","token":7,"from_bytes":4096})"},
      {"AttachAgain",
       {28, Attach{.token = 7, .from_bytes = 4096, .again_to_bytes = 8192}},
       R"({"id":28,"op":"attach","token":7,"from_bytes":4096,"again_to_bytes":8192})"},
      {"Detach", {29, Detach{.token = 7}}, R"({"id":29,"op":"detach","token":7})"},
      {"Acknowledge", {30, Acknowledge{.token = 7}}, R"({"id":30,"op":"acknowledge","token":7})"},
      {"WaitReturned",
       {31, WaitReturned{.token = 7, .timeout = std::chrono::nanoseconds::max()}},
       R"({"id":31,"op":"wait_returned","handle":0,"token":7,"timeout_ns":"forever"})"},
      {"ListTokens",
       {32,
        ListTokens{
            .name = "pool", .after_token = 80, .after_turn = 2, .after_poisoned_bytes = 4096}},
       R"({"id":32,"op":"tokens","name":"pool","after_token":80,"after_turn":2,"after_poisoned_bytes":4096})"},
      {"Revoke", {33, Revoke{.token = 7}}, R"({"id":33,"op":"revoke","token":7})"},
  };
}

}  // namespace tenure::wire
