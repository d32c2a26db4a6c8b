// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/map_picture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using State = TokenInfo::State;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1 << 20;

// One that the broker has lent to `name`, attached there.
TokenInfo token(std::uint64_t id, TokenMode mode, Region region, std::string name) {
  return {.id = id,
          .mode = mode,
          .region = region,
          .holder = {.session = static_cast<std::uint32_t>(id), .name = std::move(name)},
          .state = State::attached};
}

// "0..4096 borrowed a"
std::vector<std::string> texts(const TokenReport& report, std::uint64_t size_bytes) {
  std::vector<std::string> lines;
  for (const MapPiece& piece : lay_out(report, size_bytes)) {
    std::string line = std::to_string(piece.region.begin_bytes);
    line += ".." + std::to_string(piece.region.end_bytes) + " " + name_of(piece.use);
    for (const Peer& peer : piece.holders) {
      line += " " + peer.name;
    }
    lines.push_back(piece.is_poisoned ? line + " poisoned" : line);
  }
  return lines;
}

TEST(TokenMap, NobodyHasAnything) {
  EXPECT_THAT(texts({}, 100), ElementsAre("0..100 free"));
}

TEST(TokenMap, ShowsWhoHasWhatWithoutGaps) {
  const TokenReport report{.tokens = {token(1, TokenMode::borrow, {10, 20}, "a"),
                                      token(2, TokenMode::freeze, {20, 40}, "b"),
                                      token(3, TokenMode::freeze, {30, 50}, "c")}};
  EXPECT_THAT(texts(report, 100),
              ElementsAre("0..10 free",
                          "10..20 borrowed a",
                          "20..30 frozen b",
                          "30..40 frozen b c",
                          "40..50 frozen c",
                          "50..100 free"));
}

TEST(TokenMap, WhoOnlyLendsKeepsTheRest) {
  TokenInfo root = token(1, TokenMode::borrow, {0, 100}, "boss");
  root.state = State::held;
  TokenInfo sent = token(3, TokenMode::borrow, {50, 60}, "worker");
  sent.state = State::ticket;
  TokenInfo child = token(2, TokenMode::borrow, {0, 50}, "worker");
  child.issuer = sent.issuer = 1;
  EXPECT_THAT(texts({.tokens = {root, child, sent}}, 100),
              ElementsAre("0..50 borrowed worker", "50..60 ticket worker", "60..100 kept boss"));
  root.state = State::attached;
  EXPECT_THAT(
      texts({.tokens = {root, child, sent}}, 100),
      ElementsAre("0..50 borrowed worker", "50..60 ticket worker", "60..100 borrowed boss"));
}

TEST(TokenMap, WhatIsLentOnIsWhoHasItLast) {
  TokenInfo first = token(1, TokenMode::borrow, {0, 30}, "a");
  TokenInfo second = token(2, TokenMode::borrow, {0, 20}, "b");
  TokenInfo third = token(3, TokenMode::freeze, {0, 10}, "c");
  second.issuer = 1;
  third.issuer = 2;
  EXPECT_THAT(texts({.tokens = {first, second, third}}, 30),
              ElementsAre("0..10 frozen c", "10..20 borrowed b", "20..30 borrowed a"));
}

TEST(TokenMap, PoisonIsShownBesideTheHolder) {
  const TokenReport report{.tokens = {token(1, TokenMode::borrow, {0, 20}, "a")},
                           .poisoned = {{10, 30}}};
  EXPECT_THAT(
      texts(report, 40),
      ElementsAre(
          "0..10 borrowed a", "10..20 borrowed a poisoned", "20..30 free poisoned", "30..40 free"));
}

TEST(TokenMap, DrawsThePictureOfTheManual) {
  TokenInfo root = token(1, TokenMode::borrow, {0, 256 * kMiB}, "boss");
  root.state = State::held;
  TokenInfo frozen = token(2, TokenMode::freeze, {0, 128 * kMiB}, "worker");
  TokenInfo borrowed = token(3, TokenMode::borrow, {128 * kMiB, 160 * kMiB}, "worker");
  TokenInfo sent = token(4, TokenMode::borrow, {160 * kMiB, 192 * kMiB}, "worker");
  sent.state = State::ticket;
  frozen.issuer = borrowed.issuer = sent.issuer = 1;
  const auto pieces = lay_out({.tokens = {root, frozen, borrowed, sent}}, 256 * kMiB);
  EXPECT_EQ(draw_map(pieces, 64, {}),
            "0       32M     64M     96M     128M    160M    192M    224M    256M\n"
            "▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒████████░░░░░░░░················\n"
            "▒ frozen: worker   █ borrowed: worker   ░ in a ticket   · boss\n");
}

TEST(TokenMap, ACellShowsTheStrongestOfWhatLiesInIt) {
  const auto small = token(1, TokenMode::borrow, {kMiB, kMiB + 4096}, "a");
  const auto pieces = lay_out({.tokens = {small}}, 256 * kMiB);
  EXPECT_THAT(draw_map(pieces, 16, {}), HasSubstr("\n█───────────────\n"));
  const auto whole = lay_out({.tokens = {}, .poisoned = {{0, 4096}}}, 8192);
  EXPECT_THAT(draw_map(whole, 8, {}), HasSubstr("\n╳╳╳╳────\n╳ poisoned   ─ free\n"));
}

TEST(TokenMap, NamesAreGivenOnceAndNotAllOfThem) {
  TokenReport report;
  for (std::uint64_t i = 0; i < 10; ++i) {
    report.tokens.push_back(token(i + 1,
                                  TokenMode::borrow,
                                  {i * 10, i * 10 + 10},
                                  std::string(1, static_cast<char>('a' + i / 2 * 2))));
  }
  EXPECT_THAT(draw_map(lay_out(report, 100), 8, {}), HasSubstr("borrowed: a, c, e, g, i\n"));
  for (std::size_t i = 0; i < report.tokens.size(); ++i) {
    report.tokens[i].holder.name = std::string(1, static_cast<char>('a' + i));
  }
  EXPECT_THAT(draw_map(lay_out(report, 100), 8, {}), HasSubstr("borrowed: a, b, c, d, e, f +4\n"));
}

TEST(TokenMap, ASessionIsListedOnceHoweverManyTokensItHas) {
  TokenReport report;
  for (std::uint64_t i = 0; i < 100; ++i) {
    report.tokens.push_back(token(i + 1, TokenMode::freeze, {i, 200 - i}, "a"));
    report.tokens.back().holder.session = 7;
  }
  EXPECT_THAT(texts(report, 200), ElementsAre("0..200 frozen a"));
}

TEST(TokenMap, OfManySessionsTheFirstAreListedAndAllCounted) {
  TokenReport report;
  for (std::uint64_t i = 0; i < 20; ++i) {
    report.tokens.push_back(token(i + 1, TokenMode::freeze, {0, 10}, "a"));
  }
  report.tokens.push_back(token(21, TokenMode::freeze, {5, 10}, "b"));
  const auto pieces = lay_out(report, 10);
  ASSERT_EQ(pieces.size(), 2U);  // They differ, though not in those that are listed.
  EXPECT_EQ(pieces[0].holders.size(), 8U);
  EXPECT_EQ(pieces[0].holder_count, 20U);
  EXPECT_EQ(pieces[1].holder_count, 21U);
}

TEST(TokenMap, APageIsOneCellWhereThereAreAsMany) {
  for (const std::size_t cells : {64U, 72U, 80U, 88U, 96U, 104U, 112U, 120U, 128U}) {
    for (std::uint64_t page = 0; page < cells; ++page) {
      const auto one = token(1, TokenMode::borrow, {page * 4096, page * 4096 + 4096}, "a");
      const std::string drawn = draw_map(lay_out({.tokens = {one}}, cells * 4096), cells, {});
      const std::size_t line = drawn.find('\n') + 1;
      const std::string picture = drawn.substr(line, drawn.find('\n', line) - line);
      EXPECT_EQ(picture.find("█"), page * std::string("─").size());
      EXPECT_EQ(picture.find("█"), picture.rfind("█")) << cells << " " << page;
    }
  }
}

TEST(TokenMap, UsesColourWhereItIsSeen) {
  const auto pieces = lay_out({.tokens = {token(1, TokenMode::borrow, {0, 8}, "a")}}, 8);
  EXPECT_THAT(draw_map(pieces, 8, {.uses_colour = true}), HasSubstr("\x1b[33m████████\x1b[0m"));
}

}  // namespace
}  // namespace tenure::cli
