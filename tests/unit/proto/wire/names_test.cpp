// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/names.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/wire/limits.hpp"

namespace tenure::wire {
namespace {

TEST(SegmentName, AcceptsPartsJoinedBySlashes) {
  for (const std::string_view name : {"w", "cam/0", "a.b_c-D9", "...", ".hidden", "a/..b/c", "-"}) {
    EXPECT_EQ(check_name(name), std::nullopt) << name;
  }
}

TEST(SegmentName, AcceptsTheLongest) {
  EXPECT_EQ(check_name(std::string(kMaxNameBytes, 'a')), std::nullopt);
}

TEST(SegmentName, RefusesOneByteMore) {
  const auto refused = check_name(std::string(kMaxNameBytes + 1, 'a'));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::bad_request);
  EXPECT_EQ(refused->detail, "name: 201 bytes");
}

TEST(SegmentName, RefusesEmptyAndDottedParts) {
  for (const std::string_view name :
       {"", "/", "/a", "a/", "a//b", ".", "..", "a/.", "a/../b", "./a"}) {
    const auto refused = check_name(name);
    ASSERT_TRUE(refused) << name;
    EXPECT_EQ(refused->code, Errc::bad_request) << name;
    EXPECT_THAT(refused->detail, testing::StartsWith("name: ")) << name;
    EXPECT_FALSE(refused->hint.empty()) << name;
  }
}

TEST(SegmentName, NamesTheOffendingByte) {
  EXPECT_EQ(check_name("cam 0")->detail, "name: byte 3 is 0x20");
  EXPECT_EQ(check_name("\xC3\xA9")->detail, "name: byte 0 is 0xc3");
  EXPECT_EQ(check_name(std::string_view("a\0b", 3))->detail, "name: byte 1 is 0x00");
}

TEST(Glob, MatchesLiterally) {
  EXPECT_TRUE(matches("cam/0", "cam/0"));
  EXPECT_FALSE(matches("cam/0", "cam/01"));
  EXPECT_FALSE(matches("cam/01", "cam/0"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Glob, StarIsAnyRunSlashesIncluded) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "a/b/c"));
  EXPECT_TRUE(matches("a*c", "a/b/c"));
  EXPECT_TRUE(matches("a*c", "ac"));
  EXPECT_TRUE(matches("*/left", "cam/0/left"));
  EXPECT_FALSE(matches("a*c", "a/b/cd"));
}

TEST(Glob, ExtendsTheLastStarUntilTheRestFits) {
  EXPECT_TRUE(matches("*ab*abc", "abab_ababc"));
  EXPECT_TRUE(matches("a*b*c", "a_b_b_c_c"));
  EXPECT_FALSE(matches("a*b*c", "a_c_b"));
}

TEST(Glob, QuestionMarkIsOneCharacter) {
  EXPECT_TRUE(matches("cam/?", "cam/0"));
  EXPECT_FALSE(matches("cam/?", "cam/"));
  EXPECT_FALSE(matches("cam/?", "cam/10"));
  EXPECT_TRUE(matches("?*", "a"));
  EXPECT_FALSE(matches("?*", ""));
}

TEST(Glob, AgreesWithItsDefinitionOnAllShortStrings) {
  // The definition, word by word.
  struct Definition {
    static bool matches(std::string_view pattern, std::string_view name) {
      if (pattern.empty()) {
        return name.empty();
      }
      if (pattern.front() == '*') {
        return matches(pattern.substr(1), name) ||
               (!name.empty() && matches(pattern, name.substr(1)));
      }
      return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
             matches(pattern.substr(1), name.substr(1));
    }
  };
  const auto spell = [](unsigned number, std::string_view letters, unsigned length) {
    std::string text;
    for (unsigned i = 0; i < length; ++i, number /= static_cast<unsigned>(letters.size())) {
      text += letters[number % letters.size()];
    }
    return text;
  };
  for (unsigned p = 0; p < 256; ++p) {
    for (unsigned n = 0; n < 32; ++n) {
      const std::string pattern = spell(p, "ab*?", 4);
      const std::string name = spell(n, "ab", 5);
      EXPECT_EQ(matches(pattern, name), Definition::matches(pattern, name))
          << pattern << " " << name;
    }
  }
}

}  // namespace
}  // namespace tenure::wire
