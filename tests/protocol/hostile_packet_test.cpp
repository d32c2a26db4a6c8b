// SPDX-License-Identifier: Apache-2.0
// Packets cut off and changed at random: decoding answers, whatever comes, and what it accepts is
// something it would have written itself.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"
#include "tests/support/seed.hpp"

namespace tenure::wire {
namespace {

TensorSpec weights() {
  return {"w", DType::float32, {64, 10}};
}

std::vector<std::string> requests() {
  const CreateTopic create{.name = "cam/0",
                           .options = {.schema = {weights(), {"e", DType::any, {100}}},
                                       .lag_limit = std::chrono::milliseconds(5),
                                       .terms = {.gid = 7}}};
  return {encode(Request{1, Hello{.client = "trainer"}}),
          encode(Request{2, create}),
          encode(Request{3, Open{.name = "w", .timeout = std::chrono::nanoseconds::max()}}),
          encode(Request{std::uint64_t{1} << 60U, Close{.handle = std::uint64_t{1} << 60U}}),
          encode(Request{5, List{.glob = "cam/*", .after = "cam/0"}}),
          encode(Request{6, CreateBuffer{.name = "pool", .options = {.schema = {{weights(), 9}}}}}),
          encode(Request{7, Lend{.regions = {{0, 4096}, {8192, 12288}}, .layout = "\"7\""}}),
          encode(Request{8, Transfer{.token = 7, .to_uid = 1, .to_session = 2}}),
          encode(Request{9, Claim{.ticket = "tenure:7:ab", .mode = TokenMode::freeze}})};
}

std::vector<std::string> messages() {
  SegmentInfo info;
  info.name = "w";
  info.schema = {weights()};
  info.publisher = Peer{.name = "camera"};
  info.readers = {Reader{.peer = {.name = "viewer"}, .held = {1, 2}}};
  const Opened opened{.schema = info.schema, .grants = {{}, {.memory = Memory::bell}}};
  return {encode(Reply{1, opened}),
          encode(Reply{2, Inspected{.info = info}}),
          encode(Reply{3, Error{.code = Errc::quota, .count = 7, .detail = "who"}}),
          encode(Reply{4, OpenedBuffer{.root = 1, .schema = {{weights(), 9}}, .schema_fd = {}}}),
          encode(Reply{5, Claimed{.segment = "pool", .region = {0, 4096}, .layout = "\"7\""}}),
          encode(Reply{6, Attached{.pieces = {{.length_bytes = 4096}}, .up_to_bytes = 4096}}),
          encode(Reply{7, TokensListed{.tokens = {TokenInfo{}}, .waiting = {WaitingInfo{}}}}),
          encode(Event{.segment = "w", .ticket = "t", .token = 7})};
}

// Decodes as a request; what is accepted must survive another round unchanged.
void check_request(std::string_view packet) {
  const auto decoded = decode_request(packet);
  if (const auto* request = std::get_if<Request>(&decoded)) {
    const std::string again = encode(*request);
    const auto twice = decode_request(again);
    ASSERT_TRUE(std::holds_alternative<Request>(twice)) << packet;
    ASSERT_EQ(encode(std::get<Request>(twice)), again) << packet;
  } else {
    ASSERT_FALSE(std::get<BadRequest>(decoded).error.detail.empty()) << packet;
  }
}

std::string encode_any(const Message& message) {
  return std::visit([](const auto& alternative) { return encode(alternative); }, message);
}

void check_message(std::string_view packet) {
  const auto decoded = decode_message(packet);
  if (decoded) {
    const std::string again = encode_any(*decoded);
    const auto twice = decode_message(again);
    ASSERT_TRUE(twice) << packet;
    ASSERT_EQ(encode_any(*twice), again) << packet;
  } else {
    ASSERT_FALSE(decoded.error().detail.empty()) << packet;
  }
}

TEST(HostilePacket, CutOffAnywhereIsFatal) {
  for (const std::string& packet : requests()) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      const auto decoded = decode_request(packet.substr(0, size));
      ASSERT_TRUE(std::holds_alternative<BadRequest>(decoded)) << packet.substr(0, size);
      ASSERT_TRUE(std::get<BadRequest>(decoded).fatal) << packet.substr(0, size);
    }
  }
}

TEST(HostilePacket, CutOffAnywhereIsACorruptMessage) {
  for (const std::string& packet : messages()) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      const auto decoded = decode_message(packet.substr(0, size));
      ASSERT_FALSE(decoded) << packet.substr(0, size);
      ASSERT_EQ(decoded.error().code, Errc::corrupt) << packet.substr(0, size);
    }
  }
}

constexpr std::string_view kTelling = "{}[]\",:0-9e.\\u\xFF\xC3 ntf";

// One change: another byte, a byte less, a byte more, a piece of the same packet copied over.
std::string mutated(std::string packet, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  const std::size_t at = below(packet.size());
  switch (below(4)) {
    case 0:
      packet[at] = kTelling[below(kTelling.size())];
      break;
    case 1:
      packet.erase(at, 1 + below(8));
      break;
    case 2:
      packet.insert(at, 1, kTelling[below(kTelling.size())]);
      break;
    default:
      packet.insert(at, packet.substr(below(packet.size()), below(20)));
  }
  return packet.empty() ? "x" : packet;
}

void mutate(const std::vector<std::string>& packets, void (*check)(std::string_view)) {
  std::mt19937_64 random(test::random_seed());
  for (int round = 0; round < 20'000 && !testing::Test::HasFatalFailure(); ++round) {
    std::string packet = packets[random() % packets.size()];
    for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
      packet = mutated(std::move(packet), random);
    }
    check(packet);
  }
}

TEST(HostilePacket, ChangedAtRandomIsAnsweredAsARequest) {
  mutate(requests(), check_request);
}

TEST(HostilePacket, ChangedAtRandomIsAnsweredAsAMessage) {
  mutate(messages(), check_message);
}

TEST(HostilePacket, OfManyEmptyThingsIsCheap) {
  const auto repeated = [](std::string_view item) {
    std::string text = R"({"id":7,"op":"create","name":"w","kind":"topic","schema":[)";
    while (text.size() + item.size() < kMaxPacketBytes - 3) {
      text += item;
    }
    text.back() = ']';
    return text + "}";
  };
  for (const std::string_view item : {"0,", "{},", "[],", "\"\",", "[[]],"}) {
    const auto decoded = decode_request(repeated(item));
    ASSERT_TRUE(std::holds_alternative<BadRequest>(decoded)) << item;
    const std::string& detail = std::get<BadRequest>(decoded).error.detail;
    EXPECT_EQ(detail, item == "{}," ? "schema[0].name: is missing" : "schema[0]: is not an object");
  }
}

}  // namespace
}  // namespace tenure::wire
