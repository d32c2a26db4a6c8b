// SPDX-License-Identifier: Apache-2.0
// What holders leave behind that are gone without a word: poison, and children.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class TokenDeaths : public TokenTest {
 protected:
  // A borrow of whoever wrote to it and died.
  void must_poison(PageRange pages) {
    const Holder writer{.session = 99, .uid = ada.uid};
    must_attach(must_borrow(writer, pages), writer);
    table.end_session(writer.session);
  }
};

TEST_F(TokenDeaths, NothingOfTheDeadIsLeft) {
  must_borrow(ada, {0, 4});
  must_attach(must_freeze(ada, {4, 8}), ada);
  must_freeze(ben, {8, 12});
  table.end_session(ada.session);
  EXPECT_EQ(table.token_count(), 1U);
  EXPECT_THAT(host.tokens, SizeIs(1));
  EXPECT_EQ(host.charged[ada.uid], 1U);
}

TEST_F(TokenDeaths, WhoHadNothingLeavesNothing) {
  must_borrow(ada, {0, 4});
  table.end_session(dan.session);
  EXPECT_EQ(table.token_count(), 1U);
}

TEST_F(TokenDeaths, FreezeOfTheDeadIsReleased) {
  must_attach(must_freeze(ada, {0, 4}), ada);
  table.end_session(ada.session);
  must_attach(must_borrow(ben, {0, 4}), ben);
  EXPECT_THAT(host.abandoned, IsEmpty());
}

// ---- poison

TEST_F(TokenDeaths, AttachedBorrowComesBackPoisoned) {
  must_attach(must_borrow(ada, {0, 4}), ada);
  table.end_session(ada.session);
  EXPECT_TRUE(is_poisoned(must_borrow(ben, {0, 4})));
}

TEST_F(TokenDeaths, BorrowThatWasEverAttachedComesBackPoisoned) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.detach(token, ada.session).has_value());
  table.end_session(ada.session);
  EXPECT_TRUE(is_poisoned(must_borrow(ben, {0, 4})));
}

TEST_F(TokenDeaths, BorrowThatWasNeverAttachedIsNotPoisoned) {
  must_borrow(ada, {0, 4});
  table.end_session(ada.session);
  const std::uint64_t token = must_borrow(ben, {0, 4});
  EXPECT_FALSE(is_poisoned(token));
  must_attach(token, ben);
}

TEST_F(TokenDeaths, ReleasedBorrowIsNotPoisoned) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.detach(token, ada.session).has_value());
  must_release(token, ada);
  table.end_session(ada.session);
  must_freeze(ben, {0, 4});
}

TEST_F(TokenDeaths, PoisonedBorrowIsAcknowledgedBeforeItIsAttached) {
  must_poison({2, 4});
  const std::uint64_t token = must_borrow(ben, {0, 8});
  const Error error = refusal(table.attach(token, ben.session));
  EXPECT_EQ(error.code, Errc::poisoned);
  EXPECT_EQ(error.detail, "[8192, 16384): its writer died half-way");
  EXPECT_EQ(refusal(table.check_attach(token, ben.session)).code, Errc::poisoned);
  ASSERT_TRUE(table.acknowledge(token, ben.session).has_value());
  EXPECT_FALSE(is_poisoned(token));
  must_attach(token, ben);
}

TEST_F(TokenDeaths, FirstPoisonedPagesAreNamed) {
  must_poison({2, 4});
  must_poison({8, 12});
  const Error error = refusal(table.check_poison({3, 10}));
  EXPECT_EQ(error.code, Errc::poisoned);
  EXPECT_EQ(error.detail, "[12288, 16384): its writer died half-way");
  EXPECT_TRUE(table.check_poison({4, 8}).has_value());
}

TEST_F(TokenDeaths, PoisonedPagesAreNotFrozen) {
  must_poison({2, 4});
  const Error error = refusal(table.lend(wish(ben, kFreeze, {{0, 1}, {3, 8}})));
  EXPECT_EQ(error.code, Errc::poisoned);
  EXPECT_EQ(error.detail, "[12288, 16384): its writer died half-way");
  EXPECT_EQ(error.hint, "borrow it and acknowledge() that, to overwrite or accept what is there");
  must_freeze(ben, {4, 8});
}

TEST_F(TokenDeaths, PoisonedPagesAreNotFrozenByTheirBorrowerEither) {
  must_poison({0, 4});
  const std::uint64_t token = must_borrow(ben, {0, 8});
  EXPECT_EQ(refusal(table.lend(wish(ben, kFreeze, {{0, 4}}, token))).code, Errc::poisoned);
  ASSERT_TRUE(table.acknowledge(token, ben.session).has_value());
  must_freeze(ben, {0, 4}, token);
}

TEST_F(TokenDeaths, PoisonStaysUntilSomebodyAcknowledgesIt) {
  must_poison({0, 4});
  must_release(must_borrow(ben, {0, 4}), ben);
  EXPECT_EQ(refusal(table.lend(wish(ben, kFreeze, {{0, 4}}))).code, Errc::poisoned);
  const std::uint64_t claimed = must_hand_over(must_borrow(ben, {0, 4}), ben, dan);
  EXPECT_EQ(refusal(table.attach(claimed, dan.session)).code, Errc::poisoned);
}

TEST_F(TokenDeaths, AcknowledgedIsWhatTheTokenHasAndNoMore) {
  must_poison({0, 8});
  const std::uint64_t token = must_borrow(ben, {2, 4});
  ASSERT_TRUE(table.acknowledge(token, ben.session).has_value());
  must_release(token, ben);
  must_freeze(ben, {2, 4});
  EXPECT_TRUE(is_poisoned(must_borrow(ben, {0, 2})));
  EXPECT_TRUE(is_poisoned(must_borrow(ben, {4, 8})));
}

TEST_F(TokenDeaths, FreezeHasNothingToAcknowledge) {
  const std::uint64_t token = must_freeze(ada, {0, 4});
  const Error error = refusal(table.acknowledge(token, ada.session));
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "a freeze is never poisoned");
}

TEST_F(TokenDeaths, OnlyTheHolderAcknowledges) {
  must_poison({0, 4});
  const std::uint64_t token = must_borrow(ben, {0, 4});
  EXPECT_EQ(refusal(table.acknowledge(token, dan.session)).code, Errc::stale);
  EXPECT_TRUE(is_poisoned(token));
}

TEST_F(TokenDeaths, PoisonedAndFencedIsOnlyWhatTheDeadCouldWrite) {
  const std::uint64_t token = must_borrow(ada, {0, 12});
  must_attach(token, ada);
  const std::uint64_t borrow = must_lend_on(token, ada, ben, {2, 4});
  const std::uint64_t freeze = must_hand_over(must_freeze(ada, {6, 8}, token), ada, ben);
  table.end_session(ada.session);
  EXPECT_THAT(host.abandoned,
              ElementsAre(Pair(token, PageRange{0, 2}),
                          Pair(token, PageRange{4, 6}),
                          Pair(token, PageRange{8, 12})));
  EXPECT_FALSE(is_poisoned(borrow));
  EXPECT_FALSE(is_poisoned(freeze));
  EXPECT_TRUE(is_poisoned(must_borrow(dan, {0, 2})));
  EXPECT_TRUE(is_poisoned(must_borrow(dan, {8, 9})));
}

TEST_F(TokenDeaths, BorrowThatWasNeverAttachedIsFencedToo) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  table.end_session(ada.session);
  EXPECT_THAT(host.abandoned, ElementsAre(Pair(token, PageRange{0, 4})));
}

// ---- children

TEST_F(TokenDeaths, ChildrenGoToTheGrandparentAndAtLastToTheBroker) {
  const std::uint64_t top = must_borrow(ada, {0, 12});
  const std::uint64_t middle = must_lend_on(top, ada, ben, {0, 8});
  const std::uint64_t borrow = must_lend_on(middle, ben, dan, {0, 4});
  const std::uint64_t freeze = must_hand_over(must_freeze(ben, {4, 6}, middle), ben, dan);
  table.end_session(ben.session);
  EXPECT_EQ(held(borrow).issuer, top);
  EXPECT_EQ(held(freeze).issuer, top);
  EXPECT_EQ(rights(borrow), "[0,4) write");
  EXPECT_EQ(rights(top), "[4,6) read, [6,12) write");
  table.end_session(ada.session);
  EXPECT_EQ(held(borrow).issuer, kBrokersShare);
  must_release(borrow, dan);
  must_borrow(ben, {0, 4});
}

TEST_F(TokenDeaths, ChildIsReleasedToTheGrandparent) {
  const std::uint64_t top = must_borrow(ada, {0, 12});
  const std::uint64_t middle = must_lend_on(top, ada, ben, {0, 8});
  const std::uint64_t child = must_lend_on(middle, ben, dan, {0, 4});
  table.end_session(ben.session);
  must_release(child, dan);
  EXPECT_EQ(rights(top), "[0,12) write");
}

TEST_F(TokenDeaths, ChildOfTheSamePagesTakesThePlaceOfItsIssuer) {
  const std::uint64_t top = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_lend_on(top, ada, ben, {0, 8});
  table.end_session(ada.session);
  EXPECT_FALSE(can_borrow(dan, {0, 8}));
  must_release(child, ben);
  must_borrow(dan, {0, 8});
}

TEST_F(TokenDeaths, TokensThatTheDeadLentItselfGoToo) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_attach(must_borrow(ada, {0, 4}, token), ada);
  table.end_session(ada.session);
  EXPECT_EQ(table.token_count(), 0U);
  EXPECT_TRUE(is_poisoned(must_borrow(ben, {0, 4})));
  EXPECT_FALSE(is_poisoned(must_borrow(ben, {4, 8})));
}

}  // namespace
}  // namespace tenure::core
