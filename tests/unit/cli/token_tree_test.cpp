// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/token_tree.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;

TokenInfo token(std::uint64_t id, std::uint64_t issuer, Region region) {
  return {.id = id, .issuer = issuer, .region = region};
}

std::vector<std::string> drawn(const std::vector<TokenInfo>& tokens) {
  std::vector<std::string> lines;
  for (const TokenLeaf& leaf : grow_tree(tokens)) {
    lines.push_back(leaf.branch + std::to_string(leaf.token->id));
  }
  return lines;
}

TEST(TokenTree, NothingIsNothing) {
  EXPECT_TRUE(grow_tree({}).empty());
}

TEST(TokenTree, DrawsWhoLentToWhomByPlace) {
  const std::vector<TokenInfo> tokens{token(1, 0, {0, 100}),
                                      token(2, 1, {50, 60}),
                                      token(3, 1, {0, 40}),
                                      token(4, 3, {10, 20}),
                                      token(5, 2, {50, 55}),
                                      token(6, 0, {200, 300})};
  EXPECT_EQ(drawn(tokens),
            (std::vector<std::string>{"1", "├─ 3", "│  └─ 4", "└─ 2", "   └─ 5", "6"}));
}

TEST(TokenTree, KeepsTokensWhoseIssuerIsNotThere) {
  EXPECT_EQ(drawn({token(9, 7, {0, 10})}), (std::vector<std::string>{"9"}));
}

TEST(TokenTree, SaysWhereATokenStands) {
  using State = TokenInfo::State;
  const auto said = [](State state, bool has_children, TokenInfo of = {}) {
    of.state = state;
    return describe_state({.token = &of, .has_children = has_children});
  };
  EXPECT_EQ(said(State::held, false), "held");
  EXPECT_EQ(said(State::held, true), "lent on");
  EXPECT_EQ(said(State::attached, false), "attached");
  EXPECT_EQ(said(State::attached, true), "attached, lent on");
  EXPECT_EQ(said(State::ticket, false, {.expires_in = 59000ms}), "ticket, 59 s left");
  EXPECT_EQ(said(State::ticket, false), "ticket, came back unclaimed");
  EXPECT_EQ(said(State::orphaned, true), "left by the dead");
  EXPECT_EQ(said(State::held, false, {.is_poisoned = true}), "held, poisoned");
}

TEST(TokenTree, NamesCannotDriveTheTerminal) {
  EXPECT_EQ(describe_holder({.session = 5, .pid = 4731, .name = "worker"}), "worker (5, pid 4731)");
  EXPECT_EQ(describe_holder({.session = 5, .pid = 1, .name = "a\x1b[2J"}), "a\\x1b[2J (5, pid 1)");
  EXPECT_EQ(describe_holder({}), "? (0, pid 0)");
}

}  // namespace
}  // namespace tenure::cli
