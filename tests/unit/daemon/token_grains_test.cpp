// SPDX-License-Identifier: Apache-2.0
// Between uids the kernel protects whole grains; within one the pages are a matter of good manners.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

class TokenGrains : public TokenTest {
 protected:
  Errc answer(const Holder& who, TokenMode mode, PageRange pages) {
    return refusal(table.lend(wish(who, mode, {pages}))).code;
  }
};

TEST_F(TokenGrains, BorrowsOfTwoUidsDoNotShareAGrain) {
  must_borrow(ada, {0, 2});
  const Error error = refusal(table.lend(wish(eve, kBorrow, {{2, 4}})));
  EXPECT_EQ(error.code, Errc::needs_grain);
  EXPECT_EQ(error.detail, "[8192, 16384) shares a grain with another uid");
  EXPECT_EQ(error.hint, "between uids take whole grains, multiples of 16384 bytes");
  EXPECT_EQ(table.token_count(), 1U);
}

TEST_F(TokenGrains, OneUidSharesAGrainWithItself) {
  must_borrow(ada, {0, 2});
  must_borrow(ben, {2, 3});
  must_freeze(dan, {3, 4});
}

TEST_F(TokenGrains, WholeGrainsOfTwoUidsAreNeighbours) {
  must_borrow(ada, {0, 4});
  must_borrow(eve, {4, 12});
}

TEST_F(TokenGrains, PartAtEitherEndIsEnoughToBeRefused) {
  must_borrow(ada, {9, 10});
  EXPECT_EQ(answer(eve, kBorrow, {4, 9}), Errc::needs_grain);
  EXPECT_EQ(answer(eve, kBorrow, {10, 16}), Errc::needs_grain);
  must_borrow(eve, {4, 8});
}

TEST_F(TokenGrains, ReadersOfTwoUidsShareAGrain) {
  must_freeze(ada, {0, 2});
  must_freeze(eve, {1, 4});
}

TEST_F(TokenGrains, WriterAndReaderOfTwoUidsDoNotShareAGrain) {
  must_freeze(ada, {0, 2});
  EXPECT_EQ(answer(eve, kBorrow, {2, 4}), Errc::needs_grain);
  must_borrow(eve, {6, 8});
  EXPECT_EQ(answer(ada, kFreeze, {4, 6}), Errc::needs_grain);
}

TEST_F(TokenGrains, ShortLastGrainIsWholeWithItsPages) {
  must_borrow(ada, {24, 28});
  must_borrow(eve, {28, 30});
}

TEST_F(TokenGrains, ShortLastGrainIsNotSharedEither) {
  must_borrow(ada, {28, 29});
  EXPECT_EQ(answer(eve, kBorrow, {29, 30}), Errc::needs_grain);
}

TEST_F(TokenGrains, GrainIsFreeWhenThePartsAreBack) {
  const std::uint64_t first = must_borrow(ada, {0, 1});
  const std::uint64_t second = must_freeze(ben, {1, 2});
  must_release(first, ada);
  EXPECT_EQ(answer(eve, kBorrow, {2, 4}), Errc::needs_grain);
  table.end_session(ben.session);
  EXPECT_EQ(table.find_any(second), nullptr);
  must_borrow(eve, {2, 4});
}

TEST_F(TokenGrains, WhoHasTheWholeGrainLendsPartsWithinItsUid) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_lend_on(token, ada, ben, {0, 2});
  must_borrow(ada, {2, 4}, token);
}

// The issuer may still write the rest of the grain.
TEST_F(TokenGrains, WhoHasTheWholeGrainLendsNoPartsToAnotherUid) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t part = must_borrow(ada, {0, 2}, token);
  must_send(part, ada);
  EXPECT_EQ(refusal(claim(part, eve)).code, Errc::needs_grain);
  must_lend_on(token, ada, eve, {4, 8});
}

TEST_F(TokenGrains, AReaderOfAnotherUidKeepsOutOfAWritersGrain) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t part = must_freeze(ada, {0, 2}, token);
  must_send(part, ada);
  EXPECT_EQ(refusal(claim(part, eve)).code, Errc::needs_grain);
}

TEST_F(TokenGrains, WhoHasAWholeGrainFrozenLendsPartsToAnyUid) {
  const std::uint64_t token = must_freeze(ada, {0, 8});
  const std::uint64_t part = must_freeze(ada, {0, 2}, token);
  must_hand_over(part, ada, eve);
}

TEST_F(TokenGrains, WholeGrainFromAnotherUidIsLentOnInParts) {
  const std::uint64_t whole = must_lend_on(must_borrow(ada, {0, 8}), ada, eve, {0, 4});
  const std::uint64_t part = must_borrow(eve, {0, 2}, whole);
  must_hand_over(part, eve, fay);
}

TEST_F(TokenGrains, NeedsGrainIsRefusedThoughItWouldWait) {
  must_borrow(ada, {0, 2});
  Lending lending = wish(eve, kBorrow, {{2, 4}});
  lending.deadline = Time::max();
  EXPECT_EQ(refusal(table.lend(lending)).code, Errc::needs_grain);
}

TEST_F(TokenGrains, ConflictIsToldBeforeTheGrain) {
  must_borrow(ada, {0, 2});
  EXPECT_EQ(answer(eve, kBorrow, {1, 3}), Errc::held);
}

TEST_F(TokenGrains, ClaimThatNeedsAGrainLeavesTheTicketGood) {
  const std::uint64_t token = must_borrow(ada, {0, 2});
  const std::uint64_t other = must_borrow(ben, {2, 4});
  must_send(token, ada);
  EXPECT_EQ(refusal(claim(token, eve)).code, Errc::needs_grain);
  EXPECT_EQ(answer(eve, kBorrow, {2, 4}), Errc::held) << "the sender's part still counts";
  must_release(other, ben);
  must_claim(token, eve);
  EXPECT_EQ(host.charged[ada.uid], 0U);
  EXPECT_EQ(answer(ben, kBorrow, {2, 4}), Errc::needs_grain) << "now the part is of the other uid";
}

TEST_F(TokenGrains, PartInATicketStillCounts) {
  const std::uint64_t token = must_borrow(ada, {0, 2});
  must_send(token, ada);
  EXPECT_EQ(answer(eve, kBorrow, {2, 4}), Errc::needs_grain);
  must_borrow(ben, {2, 4});
}

}  // namespace
}  // namespace tenure::core
