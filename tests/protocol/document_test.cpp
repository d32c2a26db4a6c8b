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

// One of each request and reply, with every optional member.
std::vector<std::string> full_messages() {
  SegmentInfo info;
  info.terms.gid = 1;
  info.schema = {{"w", DType::float32, {1}}};
  info.publisher = Peer{};
  info.age = std::chrono::milliseconds(1);
  info.readers = {Reader{}};
  CreateTopic create{.name = "w", .options = {.schema = info.schema}};
  create.options.lag_limit = std::chrono::milliseconds(1);
  create.options.terms.gid = 1;
  const Error error{.code = Errc::quota, .sys_errno = 1, .count = 1, .detail = "d", .hint = "h"};
  std::vector<std::string> texts{
      encode(Request{1, create}),
      encode(Request{1, CreateTopic{.name = "w", .schema_in_fd = true}}),
      encode(Reply{1, Opened{.schema = info.schema, .schema_fd = {}, .grants = {Grant{}}}}),
      encode(Reply{1, Opened{.schema = {}, .schema_fd = 1, .grants = {}}}),
      encode(Reply{1, Inspected{.info = info, .schema_fd = 1}}),
      encode(Reply{1, error}),
      encode(Event{.segment = "w", .ticket = "t", .token = 1})};
  for (const RequestBody& body : std::vector<RequestBody>{Hello{},
                                                          Ping{},
                                                          Open{},
                                                          Close{},
                                                          Remove{},
                                                          List{},
                                                          Inspect{},
                                                          Stat{},
                                                          Cancel{},
                                                          Holders{}}) {
    texts.push_back(encode(Request{1, body}));
  }
  for (const ReplyBody& body :
       std::vector<ReplyBody>{Welcome{}, Done{}, Created{}, Listed{}, Counted{}, HeldBy{}}) {
    texts.push_back(encode(Reply{1, body}));
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
