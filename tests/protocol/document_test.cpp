// SPDX-License-Identifier: Apache-2.0
// docs/control-protocol.md against the code: its packets can be read, and nothing is missing in it.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "proto/wire/codec.hpp"
#include "proto/wire/enum_names.hpp"

namespace tenure::wire {
namespace {

const std::string& document() {
  static const std::string text = [] {
    std::ifstream file(TENURE_DOCS_DIR "/control-protocol.md");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

// Every line of the ```json blocks.
std::vector<std::string> packets() {
  std::vector<std::string> lines;
  std::istringstream stream(document());
  bool is_json = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("```")) {
      is_json = line == "```json";
    } else if (is_json) {
      lines.push_back(line);
    }
  }
  return lines;
}

bool is_request(const std::string& packet) {
  return packet.find("\"op\":") != std::string::npos;
}

using Texts = std::vector<std::string>;

Texts encoded(const std::vector<RequestBody>& bodies) {
  Texts texts;
  for (const RequestBody& body : bodies) {
    texts.push_back(encode(Request{1, body}));
  }
  return texts;
}

Texts encoded(const std::vector<ReplyBody>& bodies) {
  Texts texts;
  for (const ReplyBody& body : bodies) {
    texts.push_back(encode(Reply{1, body}));
  }
  return texts;
}

SegmentInfo full_info() {
  SegmentInfo info;
  info.terms.gid = 1;
  info.schema = {{"w", DType::float32, {1}}};
  info.publisher = Peer{};
  info.age = std::chrono::milliseconds(1);
  info.readers = {Reader{}};
  info.grain_bytes = 1;
  info.handover = Handover::isolate;
  info.tokens = 1;
  info.offsets_bytes = {1};
  return info;
}

SegmentInfo full_queue_info() {
  SegmentInfo info;
  info.kind = Kind::queue;
  info.consume = Consume::in_place;
  info.when_full = WhenFull::drop_oldest;
  info.max_deliveries = 1;
  info.finished = true;
  info.lanes = {Lane{.age = std::chrono::milliseconds(1)}};
  info.parked = 1;
  info.poisoned = 1;
  info.participants = {Participant{.lane = 0}};
  return info;
}

SegmentStat full_stat() {
  SegmentStat stat;
  stat.borrowed = stat.frozen = stat.claimed = stat.refused = stat.poisoned = stat.moved = 1;
  stat.acked = stat.dropped = stat.discarded = stat.cancelled = 1;
  return stat;
}

CreateTopic full_topic() {
  CreateTopic create{.name = "w", .options = {.schema = full_info().schema}};
  create.options.lag_limit = std::chrono::milliseconds(1);
  create.options.terms.gid = 1;
  return create;
}

TokensListed full_tokens() {
  TokenInfo token;
  token.expires_in = std::chrono::milliseconds(1);
  return {.tokens = {token}, .waiting = {{.regions = {Region{}}, .behind = "b"}}};
}

Texts requests() {
  return encoded({Hello{},
                  Ping{},
                  full_topic(),
                  CreateTopic{.name = "w", .schema_in_fd = true},
                  CreateBuffer{.name = "w", .options = {.schema = {{full_info().schema[0], 1}}}},
                  CreateBuffer{.name = "w", .schema_in_fd = true},
                  CreateQueue{.name = "w", .options = {.schema = full_info().schema}},
                  Open{.name = "w", .lane = 0},
                  Close{},
                  Remove{},
                  List{},
                  Inspect{},
                  Stat{},
                  Cancel{},
                  Holders{},
                  Lend{.regions = {Region{}}, .layout = "l"},
                  Release{},
                  Transfer{.to_uid = 1, .to_session = 1},
                  Claim{.ticket = "t", .mode = TokenMode::freeze},
                  Attach{.again_to_bytes = 1},
                  Detach{},
                  Acknowledge{},
                  WaitReturned{},
                  ListTokens{},
                  Revoke{}});
}

Texts replies() {
  const SegmentInfo info = full_info();
  return encoded(
      {Welcome{},
       Done{},
       Created{},
       Opened{.schema = info.schema, .schema_fd = {}, .grants = {Grant{}}},
       Opened{.schema = {}, .schema_fd = 1, .grants = {}},
       Listed{},
       Inspected{.info = info, .schema_fd = 1},
       Inspected{.info = full_queue_info()},
       Counted{.stat = full_stat()},
       HeldBy{.readers = {}, .participants = {Participant{}}},
       OpenedBuffer{.root = 1, .schema = {{info.schema[0], 1}}, .schema_fd = {}},
       OpenedBuffer{.schema = {}, .schema_fd = 1},
       Lent{.tokens = {Granted{}}},
       Sent{},
       Claimed{.segment = "w", .layout = "l"},
       Attached{.pieces = {Piece{}}},
       full_tokens(),
       OpenedQueue{.schema = info.schema, .schema_fd = {}, .grants = {Grant{}}},
       OpenedQueue{.schema = {}, .schema_fd = 1, .grants = {}},
       Error{.code = Errc::quota, .sys_errno = 1, .count = 1, .detail = "d", .hint = "h"}});
}

// One of each request and reply, with every optional member.
Texts full_messages() {
  Texts texts{encode(Event{.segment = "w", .ticket = "t", .token = 1}),
              encode_layout({.dtype = DType::int8, .shape = {1}, .offset_bytes = 1})};
  for (const Texts& more : {requests(), replies()}) {
    texts.insert(texts.end(), more.begin(), more.end());
  }
  return texts;
}

// Names of members, operations and replies.
std::set<std::string> names_on_the_wire() {
  std::set<std::string> names;
  for (const std::regex& pattern :
       {std::regex(R"re("(\w+)":)re"), std::regex(R"re("(?:op|what|event)":"(\w+)")re")}) {
    for (const std::string& text : full_messages()) {
      for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end;
           ++match) {
        names.insert((*match)[1].str());
      }
    }
  }
  return names;
}

bool is_named(std::string_view name) {
  return document().find("`" + std::string(name) + "`") != std::string::npos ||
         document().find("### " + std::string(name) + "\n") != std::string::npos;
}

template <class E>
void expect_named() {
  for (const std::string_view name : EnumNames<E>::kAll) {
    EXPECT_TRUE(is_named(name)) << name;
  }
}

TEST(ControlProtocolPage, HasPacketsThatCanBeRead) {
  std::size_t count = 0;
  for (const std::string& packet : packets()) {
    ++count;
    if (is_request(packet)) {
      const auto decoded = decode_request(packet);
      EXPECT_TRUE(std::holds_alternative<Request>(decoded)) << packet;
    } else {
      const auto decoded = decode_message(packet);
      EXPECT_TRUE(decoded) << packet << decoded.error().message();
    }
  }
  EXPECT_GT(count, 15U);
}

// Topics, buffers and queues are three requests of one operation.
TEST(ControlProtocolPage, ShowsEveryOperation) {
  std::set<std::size_t> shown;
  for (const std::string& packet : packets()) {
    const auto decoded = decode_request(packet);
    if (const auto* request = std::get_if<Request>(&decoded)) {
      shown.insert(request->body.index());
    }
  }
  EXPECT_EQ(shown.size(), std::variant_size_v<RequestBody>);
}

TEST(ControlProtocolPage, NamesEveryMember) {
  for (const std::string& name : names_on_the_wire()) {
    EXPECT_TRUE(is_named(name)) << name;
  }
}

TEST(ControlProtocolPage, NamesEveryChoice) {
  expect_named<Kind>();
  expect_named<Lifetime>();
  expect_named<Pages>();
  expect_named<Stamp>();
  expect_named<Retention>();
  expect_named<Access>();
  expect_named<OpenAs>();
  expect_named<WhenFull>();
  expect_named<Consume>();
  expect_named<Root>();
  expect_named<Handover>();
  expect_named<TokenMode>();
  expect_named<TokenInfo::State>();
  expect_named<Memory>();
  expect_named<Right>();
  expect_named<Event::What>();
}

TEST(ControlProtocolPage, NamesEveryError) {
  for (std::int32_t number = 0; number < 1000; ++number) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): numbers without a name, too
    const std::string_view name = name_of(static_cast<Errc>(number));
    EXPECT_TRUE(name == "unknown" || is_named(name)) << name;
  }
}

}  // namespace
}  // namespace tenure::wire
