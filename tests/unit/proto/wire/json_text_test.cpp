// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/json_text.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::wire {
namespace {

using Kind = JsonValue::Kind;

JsonTree parsed(std::string_view text) {
  return std::move(parse_json(text, kPacketLimits)).value();
}

TEST(JsonText, ReadsEscapesAndWhatStandsBetweenThem) {
  const JsonTree tree = parsed(R"("a\"\\\/\b\f\n\r\tz\u00e4\u20ac\ud83d\ude00\u0000.")");
  const std::string expected =
      "a\"\\/\b\f\n\r\tz\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" + std::string(1, '\0') + ".";
  EXPECT_EQ(tree.root().text(), expected);
}

TEST(JsonText, KeepsUnescapedStringsWhenItMoves) {
  JsonTree tree = parsed(R"({"\u0061":"\u0062"})");
  const JsonTree moved = std::move(tree);
  ASSERT_TRUE(moved.root().find("a"));
  EXPECT_EQ(moved.root().find("a")->text(), "b");
}

TEST(JsonText, OfTwoMembersWithOneNameTheLastCounts) {
  const JsonTree tree = parsed(R"({"a":{"b":1},"b":2,"a":[3]})");
  EXPECT_EQ(tree.root().find("a")->kind(), Kind::array);
  EXPECT_EQ(tree.root().find("b")->text(), "2");
  EXPECT_FALSE(tree.root().find("c"));
}

TEST(JsonText, GoesFromItemToItemOverWhatTheyContain) {
  const JsonTree tree = parsed(R"( [ [1, [2]] , {"a": 3} , true, null , -0.5e+1 ] )");
  std::vector<Kind> kinds;
  for (const JsonValue item : tree.root()) {
    kinds.push_back(item.kind());
  }
  EXPECT_THAT(
      kinds,
      testing::ElementsAre(Kind::array, Kind::object, Kind::boolean, Kind::null, Kind::number));
  EXPECT_EQ(tree.root().size(), kinds.size());
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\"}",
                           "{a:1}",
                           "01",
                           "-",
                           "1.",
                           "1e",
                           "+1",
                           "tru",
                           "nul",
                           "1 2",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\x01\"",
                           "\"\xff\"",
                           "\"",
                           "'a'",
                           "/**/1"}) {
    EXPECT_FALSE(parse_json(text, kPacketLimits)) << text;
  }
}

TEST(JsonText, RefusesWhatIsBeyondALimit) {
  const std::string deep = std::string(kMaxNesting, '[') + std::string(kMaxNesting, ']');
  EXPECT_TRUE(parse_json(deep, kPacketLimits));
  EXPECT_FALSE(parse_json("[" + deep + "]", kPacketLimits));
  const JsonLimits few{.what = "text", .bytes = 16, .values = 3};
  EXPECT_TRUE(parse_json("[1,2]", few));
  EXPECT_EQ(parse_json("[1,2,3]", few).error().detail, "text: more than 3 values");
  EXPECT_EQ(parse_json("[                ]", few).error().detail, "text: 18 bytes; at most 16");
}

}  // namespace
}  // namespace tenure::wire
