// SPDX-License-Identifier: Apache-2.0
// What a token may do with its pages, how it is attached, and what the table tells about its
// tokens.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class TokenTableTest : public TokenTest {};

// ---- access

TEST_F(TokenTableTest, BorrowMayWriteAllItsPages) {
  EXPECT_EQ(rights(must_borrow(ada, {3, 9})), "[3,9) write");
}

TEST_F(TokenTableTest, FreezeMayReadAllItsPages) {
  EXPECT_EQ(rights(must_freeze(ada, {3, 9})), "[3,9) read");
}

TEST_F(TokenTableTest, IssuerHasNoAccessToWhatItLentToABorrow) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_borrow(ada, {2, 4}, token);
  must_borrow(ada, {8, 12}, token);
  EXPECT_EQ(rights(token), "[0,2) write, [4,8) write");
}

TEST_F(TokenTableTest, NeighbouringHolesAreOneHole) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_borrow(ada, {2, 4}, token);
  must_borrow(ada, {4, 8}, token);
  EXPECT_EQ(rights(token), "[0,2) write, [8,12) write");
}

TEST_F(TokenTableTest, NothingIsLeftOfWhatIsLentAltogether) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_borrow(ada, {0, 12}, token);
  EXPECT_EQ(rights(token), "");
}

TEST_F(TokenTableTest, IssuerMayReadWhatItLentToAFreeze) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_freeze(ada, {2, 4}, token);
  EXPECT_EQ(rights(token), "[0,2) write, [2,4) read, [4,12) write");
}

TEST_F(TokenTableTest, OverlappingAndTouchingFreezesAreOneRun) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_freeze(ada, {2, 5}, token);
  must_freeze(ada, {4, 6}, token);
  must_freeze(ada, {6, 8}, token);
  EXPECT_EQ(rights(token), "[0,2) write, [2,8) read, [8,12) write");
}

TEST_F(TokenTableTest, FrozenPartEndsWhereABorrowBegins) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_freeze(ada, {2, 4}, token);
  must_borrow(ada, {4, 6}, token);
  must_freeze(ada, {6, 8}, token);
  EXPECT_EQ(rights(token), "[0,2) write, [2,4) read, [6,8) read, [8,12) write");
}

TEST_F(TokenTableTest, FreezeReadsWhatItLentOn) {
  const std::uint64_t token = must_freeze(ada, {0, 12});
  must_freeze(ada, {2, 4}, token);
  EXPECT_EQ(rights(token), "[0,12) read");
}

TEST_F(TokenTableTest, AccessesBeginWhereTheyAreAskedFrom) {
  const std::uint64_t token = must_borrow(ada, {4, 20});
  must_freeze(ada, {6, 10}, token);
  must_borrow(ada, {12, 16}, token);
  EXPECT_EQ(rights(token, 5), "[5,6) write, [6,10) read, [10,12) write, [16,20) write");
  EXPECT_EQ(rights(token, 8), "[8,10) read, [10,12) write, [16,20) write");
  EXPECT_EQ(rights(token, 13), "[16,20) write");
  EXPECT_EQ(rights(token, 20), "");
}

TEST_F(TokenTableTest, AccessesAreAtMostAsManyAsAskedFor) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_freeze(ada, {2, 4}, token);
  must_borrow(ada, {6, 8}, token);
  EXPECT_EQ(rights(token, 0, 3), "[0,2) write, [2,4) read, [4,6) write");
  EXPECT_EQ(rights(token, 6, 1), "[8,12) write");
  EXPECT_EQ(rights(token, 0, 0), "");
}

// ---- attaching

TEST_F(TokenTableTest, AttachedTokenIsNotAttachedTwice) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  const Error error = refusal(table.attach(token, ada.session));
  EXPECT_EQ(error.code, Errc::attached);
  EXPECT_EQ(error.detail, "[0, 16384) is attached already");
  EXPECT_TRUE(held(token).is_attached);
}

TEST_F(TokenTableTest, TokenThatIsNotAttachedIsNotDetached) {
  const std::uint64_t token = must_borrow(ada, {4, 6});
  const Error error = refusal(table.detach(token, ada.session));
  EXPECT_EQ(error.code, Errc::not_attached);
  EXPECT_EQ(error.detail, "[16384, 24576) is not attached");
}

TEST_F(TokenTableTest, DetachedTokenIsAttachedAgain) {
  const std::uint64_t token = must_freeze(ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.detach(token, ada.session).has_value());
  EXPECT_FALSE(held(token).is_attached);
  EXPECT_EQ(refusal(table.detach(token, ada.session)).code, Errc::not_attached);
  must_attach(token, ada);
  EXPECT_TRUE(held(token).is_attached);
}

TEST_F(TokenTableTest, AskingWhetherATokenMayBeAttachedChangesNothing) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_TRUE(table.check_attach(token, ada.session).has_value());
  EXPECT_FALSE(held(token).is_attached);
  EXPECT_FALSE(held(token).was_attached);
  EXPECT_EQ(refusal(table.check_attach(token, ben.session)).code, Errc::stale);
  must_attach(token, ada);
  EXPECT_EQ(refusal(table.check_attach(token, ada.session)).code, Errc::attached);
}

TEST_F(TokenTableTest, TokensOfOthersAreStaleToASession) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_EQ(refusal(table.attach(token, ben.session)).code, Errc::stale);
  must_attach(token, ada);
  EXPECT_EQ(refusal(table.detach(token, ben.session)).code, Errc::stale);
  EXPECT_TRUE(held(token).is_attached);
}

// ---- queries

TEST_F(TokenTableTest, FindsATokenInTheSessionThatHasIt) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const auto found = table.find(token, ada.session);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ((*found)->id, token);
  const Error error = refusal(table.find(token, ben.session));
  EXPECT_EQ(error.code, Errc::stale);
  EXPECT_EQ(error.detail, "no token 1 in this session");
  EXPECT_EQ(refusal(table.find(99, ada.session)).detail, "no token 99 in this session");
}

TEST_F(TokenTableTest, TokenSaysWhoHasWhatSinceWhenAndFromWhom) {
  const std::uint64_t issuer = must_borrow(ada, {0, 12});
  host.time = 5ms;
  const std::uint64_t token = must_freeze(ada, {2, 4}, issuer);
  const Token found = held(token);
  EXPECT_EQ(found.mode, kFreeze);
  EXPECT_EQ(found.pages, (PageRange{2, 4}));
  EXPECT_EQ(found.issuer, issuer);
  EXPECT_EQ(found.holder.session, ada.session);
  EXPECT_EQ(found.holder.uid, ada.uid);
  EXPECT_EQ(found.since, 5ms);
  EXPECT_EQ(found.depth, 2U);
}

TEST_F(TokenTableTest, BrokersShareIsNoToken) {
  EXPECT_EQ(table.find_any(kBrokersShare), nullptr);
  EXPECT_EQ(refusal(table.find(kBrokersShare, 0)).code, Errc::stale);
  EXPECT_EQ(table.token_count(), 0U);
  EXPECT_THAT(table.list(0, 10), IsEmpty());
}

TEST_F(TokenTableTest, ListsTokensInTheOrderOfTheirNumbers) {
  const std::uint64_t first = must_borrow(ada, {20, 24});
  const std::uint64_t second = must_borrow(ben, {0, 4});
  const std::uint64_t third = must_freeze(ada, {8, 12});
  const auto numbers = [&](std::uint64_t after, std::size_t at_most) {
    Tokens listed;
    for (const Token* token : table.list(after, at_most)) {
      listed.push_back(token->id);
    }
    return listed;
  };
  EXPECT_THAT(numbers(0, 10), ElementsAre(first, second, third));
  EXPECT_THAT(numbers(0, 2), ElementsAre(first, second));
  EXPECT_THAT(numbers(first, 10), ElementsAre(second, third));
  EXPECT_EQ(table.token_count(), 3U);
}

TEST_F(TokenTableTest, NumbersGoBackToTheHostWithTheirTokens) {
  const std::uint64_t first = must_borrow(ada, {0, 4});
  const std::uint64_t second = must_borrow(ada, {4, 8});
  const std::uint64_t third = must_borrow(ben, {8, 12});
  must_release(first, ada);
  const std::uint64_t claimed = must_hand_over(second, ada, ben);
  table.end_session(dan.session);
  EXPECT_THAT(host.tokens, ElementsAre(third, claimed));
  table.end_session(ben.session);
  EXPECT_THAT(host.tokens, IsEmpty());
}

TEST_F(TokenTableTest, HasChildrenWhileSomethingIsLent) {
  const auto has_children = [&](std::uint64_t token) {
    const Asker asker{.session = ada.session, .request = ++last_request};
    return !table.wait_returned(asker, token, kDoNotWait);
  };
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_TRUE(has_children(kBrokersShare));
  EXPECT_FALSE(has_children(token));
  const std::uint64_t child = must_freeze(ada, {0, 1}, token);
  EXPECT_TRUE(has_children(token));
  must_release(child, ada);
  EXPECT_FALSE(has_children(token));
}

}  // namespace
}  // namespace tenure::core
