// SPDX-License-Identifier: Apache-2.0
// What is lent, and what is refused at once.
#include <limits>

#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class TokenLending : public TokenTest {
 protected:
  Error refused(const Holder& who,
                TokenMode mode,
                std::vector<PageRange> regions,
                std::uint64_t issuer = kBrokersShare) {
    return refusal(table.lend(wish(who, mode, std::move(regions), issuer)));
  }
};

// ---- one writer or any number of readers

TEST_F(TokenLending, WriterKeepsOtherWritersOut) {
  must_borrow(ada, {0, 4});
  const Error error = refused(ben, kBorrow, {{3, 6}});
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "[12288, 16384) is borrowed by worker (session 1, pid 1)");
  EXPECT_EQ(error.hint, "wait with a deadline for it to come back");
}

TEST_F(TokenLending, WriterKeepsReadersOut) {
  must_borrow(ada, {2, 4});
  const Error error = refused(ben, kFreeze, {{0, 3}});
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "[8192, 12288) is borrowed by worker (session 1, pid 1)");
}

TEST_F(TokenLending, ReadersKeepWritersOut) {
  must_freeze(ada, {0, 4});
  const Error error = refused(ben, kBorrow, {{0, 30}});
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "[0, 16384) is frozen by worker (session 1, pid 1)");
}

TEST_F(TokenLending, NobodyBorrowsTwiceEvenFromItself) {
  must_borrow(ada, {0, 4});
  EXPECT_EQ(refused(ada, kBorrow, {{0, 4}}).code, Errc::held);
}

TEST_F(TokenLending, FreezesOverlap) {
  must_freeze(ada, {0, 4});
  must_freeze(ben, {0, 4});
  must_freeze(dan, {2, 6});
  EXPECT_EQ(table.token_count(), 3U);
}

TEST_F(TokenLending, PagesAreFrozenUntilTheLastReaderIsGone) {
  const std::uint64_t first = must_freeze(ada, {0, 4});
  const std::uint64_t second = must_freeze(ben, {2, 6});
  must_release(first, ada);
  EXPECT_EQ(refused(dan, kBorrow, {{0, 4}}).detail,
            "[8192, 16384) is frozen by worker (session 2, pid 1)");
  must_release(second, ben);
  must_borrow(dan, {0, 6});
}

TEST_F(TokenLending, NeighboursDoNotConflict) {
  must_borrow(ada, {4, 8});
  must_borrow(ben, {0, 4});
  must_freeze(dan, {8, 12});
}

TEST_F(TokenLending, NamesTheFirstConflictInARegion) {
  must_freeze(ada, {1, 2});
  must_borrow(ben, {4, 5});
  must_freeze(dan, {8, 9});
  EXPECT_THAT(refused(ada, kBorrow, {{0, 12}}).detail, HasSubstr("[4096, 8192) is frozen"));
  EXPECT_THAT(refused(ada, kBorrow, {{2, 12}}).detail, HasSubstr("[16384, 20480) is borrowed"));
  EXPECT_THAT(refused(ada, kFreeze, {{0, 12}}).detail, HasSubstr("[16384, 20480) is borrowed"));
}

TEST_F(TokenLending, NamesTheOneThatHasThePagesNow) {
  const std::uint64_t token = must_borrow(ada, {2, 8});
  must_lend_on(token, ada, ben, {2, 4});
  EXPECT_EQ(refused(dan, kBorrow, {{0, 8}}).detail,
            "[8192, 16384) is borrowed by worker (session 2, pid 1)");
  EXPECT_EQ(refused(dan, kBorrow, {{4, 8}}).detail,
            "[16384, 32768) is borrowed by worker (session 1, pid 1)");
}

// ---- several regions

TEST_F(TokenLending, SeveralRegionsAreTokensInTheirOrder) {
  const Tokens lent = must_lend(wish(ada, kBorrow, {{8, 12}, {0, 4}}));
  ASSERT_THAT(lent, SizeIs(2));
  EXPECT_EQ(held(lent[0]).pages, (PageRange{8, 12}));
  EXPECT_EQ(held(lent[1]).pages, (PageRange{0, 4}));
}

TEST_F(TokenLending, AllRegionsAreLentOrNone) {
  must_borrow(ada, {9, 10});
  EXPECT_EQ(refused(ben, kBorrow, {{0, 4}, {8, 12}}).detail,
            "[36864, 40960) is borrowed by worker (session 1, pid 1)");
  EXPECT_EQ(table.token_count(), 1U);
  EXPECT_EQ(host.charged[ben.uid], 1U);
  must_borrow(dan, {0, 4});
}

TEST_F(TokenLending, FirstConflictIsInTheOrderOfTheRegions) {
  must_borrow(ada, {0, 4});
  must_borrow(ben, {8, 12});
  EXPECT_THAT(refused(dan, kBorrow, {{8, 12}, {0, 4}}).detail, HasSubstr("session 2"));
  EXPECT_THAT(refused(dan, kBorrow, {{0, 4}, {8, 12}}).detail, HasSubstr("session 1"));
}

TEST_F(TokenLending, BorrowOfPagesAskedForTwiceIsRefused) {
  const Error error = refused(ada, kBorrow, {{2, 6}, {8, 12}, {0, 4}});
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "[8192, 16384) is asked for twice");
  EXPECT_EQ(table.token_count(), 0U);
}

TEST_F(TokenLending, TouchingRegionsAreNotAskedForTwice) {
  EXPECT_THAT(must_lend(wish(ada, kBorrow, {{4, 8}, {0, 4}})), SizeIs(2));
}

TEST_F(TokenLending, RegionsOfOneFreezeMayOverlap) {
  EXPECT_THAT(must_lend(wish(ada, kFreeze, {{0, 4}, {0, 4}, {2, 6}})), SizeIs(3));
}

// ---- what no waiting changes

TEST_F(TokenLending, RefusesNoRegion) {
  const Error error = refused(ada, kBorrow, {});
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "no region");
}

TEST_F(TokenLending, RefusesEmptyAndReversedRegions) {
  for (const PageRange& bad : {PageRange{4, 4}, PageRange{0, 0}, PageRange{8, 4}}) {
    const Error error = refused(ada, kBorrow, {{0, 4}, bad});
    EXPECT_EQ(error.code, Errc::bad_request);
    EXPECT_EQ(error.detail, "an empty or reversed region");
  }
  EXPECT_EQ(table.token_count(), 0U);
}

TEST_F(TokenLending, RefusesPagesOutsideTheBuffer) {
  const Error error = refused(ada, kFreeze, {{28, 31}});
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "[114688, 126976) is not within [0, 122880)");
  EXPECT_EQ(error.hint, "");
  EXPECT_EQ(refused(ada, kBorrow, {{30, 31}}).code, Errc::bad_request);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(refused(ada, kBorrow, {{0, kLargest}}).code, Errc::bad_request);
  EXPECT_EQ(refused(ada, kBorrow, {{kLargest - 1, kLargest}}).code, Errc::bad_request);
}

TEST_F(TokenLending, TokenLendsOnlyWhatItHas) {
  const std::uint64_t token = must_borrow(ada, {4, 8});
  const Error error = refused(ada, kBorrow, {{6, 10}}, token);
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "[24576, 40960) is not within [16384, 32768)");
  EXPECT_EQ(error.hint, "a token lends on what it has");
  EXPECT_EQ(refused(ada, kBorrow, {{3, 5}}, token).code, Errc::bad_request);
}

TEST_F(TokenLending, TokenDoesNotLendTwiceWhatItLent) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_borrow(ada, {2, 4}, token);
  EXPECT_EQ(refused(ada, kBorrow, {{3, 5}}, token).code, Errc::held);
  EXPECT_EQ(refused(ada, kFreeze, {{3, 5}}, token).code, Errc::held);
  must_freeze(ada, {4, 8}, token);
  must_freeze(ada, {4, 8}, token);
}

TEST_F(TokenLending, FreezeLendsFreezesOnly) {
  const std::uint64_t token = must_freeze(ada, {0, 4});
  const Error error = refused(ada, kBorrow, {{0, 4}}, token);
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "a freeze lends freezes only");
  must_freeze(ada, {0, 4}, token);
  must_freeze(ada, {2, 3}, token);
}

TEST_F(TokenLending, IssuerMustBeATokenOfTheAsker) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Error error = refused(ben, kBorrow, {{0, 4}}, token);
  EXPECT_EQ(error.code, Errc::stale);
  EXPECT_EQ(error.detail, "no token 1 in this session");
}

TEST_F(TokenLending, IssuerThatIsGoneIsStale) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_release(token, ada);
  EXPECT_EQ(refused(ada, kBorrow, {{0, 4}}, token).code, Errc::stale);
  EXPECT_EQ(refused(ada, kBorrow, {{0, 4}}, 99).code, Errc::stale);
}

TEST_F(TokenLending, LendsOnToADepthOfSixteen) {
  std::uint64_t token = must_borrow(ada, {0, 4});
  for (std::uint32_t depth = 2; depth <= 16; ++depth) {
    token = must_borrow(ada, {0, 4}, token);
    ASSERT_EQ(held(token).depth, depth);
  }
  const Error error = refused(ada, kBorrow, {{0, 4}}, token);
  EXPECT_EQ(error.code, Errc::too_many);
  EXPECT_EQ(error.count, 16U);
  EXPECT_EQ(error.detail, "lent on 16 times already");
  EXPECT_EQ(refused(ada, kFreeze, {{0, 4}}, token).code, Errc::too_many);
}

TEST_F(TokenLending, LayoutIsKeptForWhoClaimsIt) {
  Lending lending = wish(ada, kBorrow, {{0, 4}});
  lending.layout = std::string(256, 'l');
  EXPECT_EQ(held(must_lend(lending).at(0)).layout, lending.layout);
}

TEST_F(TokenLending, LayoutIsLimited) {
  Lending lending = wish(ada, kBorrow, {{0, 4}});
  lending.layout = std::string(257, 'l');
  const Error error = refusal(table.lend(lending));
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "layout: 257 bytes; at most 256");
}

TEST_F(TokenLending, BadRequestIsRefusedThoughItWouldWait) {
  must_borrow(ada, {0, 4});
  Lending lending = wish(ben, kBorrow, {{0, 4}, {2, 6}});
  lending.deadline = Time::max();
  EXPECT_EQ(refusal(table.lend(lending)).code, Errc::bad_request);
}

// ---- the issuer's memory, and quota

TEST_F(TokenLending, IssuerWhoseMemoryHasAWriterLendsNothingOfIt) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  host.mapped = {2, 3};
  const Error error = refused(ada, kBorrow, {{4, 8}, {0, 4}}, token);
  EXPECT_EQ(error.code, Errc::still_mapped);
  EXPECT_THAT(error.detail, HasSubstr("can still write [0, 16384)"));
  EXPECT_EQ(refused(ada, kFreeze, {{2, 4}}, token).code, Errc::still_mapped);
  EXPECT_EQ(rights(token), "[0,8) write");
  EXPECT_EQ(host.charged[ada.uid], 1U);
  must_borrow(ada, {4, 8}, token);
}

TEST_F(TokenLending, FreezeLendsOnWithoutAWriterCheck) {
  const std::uint64_t token = must_freeze(ada, {0, 8});
  host.mapped = {0, 8};
  must_freeze(ada, {0, 4}, token);
  EXPECT_EQ(host.refusals, 0U);
}

TEST_F(TokenLending, EachRegionIsChargedToTheAsker) {
  must_lend(wish(ada, kBorrow, {{0, 4}, {4, 8}}));
  must_freeze(eve, {8, 12});
  EXPECT_EQ(host.charged[ada.uid], 2U);
  EXPECT_EQ(host.charged[eve.uid], 1U);
}

TEST_F(TokenLending, QuotaIsRefusedWithItsLimitAndNothingIsLent) {
  host.limit = 2;
  must_borrow(ada, {0, 4});
  const Error error = refused(ada, kBorrow, {{4, 8}, {8, 12}});
  EXPECT_EQ(error.code, Errc::quota);
  EXPECT_EQ(error.count, 2U);
  EXPECT_EQ(table.token_count(), 1U);
  must_borrow(ada, {8, 12});
}

TEST_F(TokenLending, ReleasedTokensAreChargedNoMore) {
  host.limit = 1;
  must_release(must_borrow(ada, {0, 4}), ada);
  must_borrow(ada, {0, 4});
}

TEST_F(TokenLending, WhoHasTheRootAttachedLendsFromThatAlone) {
  const std::uint64_t root = must_borrow(ada, {0, 30});
  must_attach(root, ada);
  for (const TokenMode mode : {kBorrow, kFreeze}) {
    Lending by_handle = wish(ada, mode, {{0, 1}}, root);
    by_handle.is_from_root = true;
    by_handle.deadline = Time::max();  // It would wait.
    const Error error = refusal(table.lend(by_handle));
    EXPECT_EQ(error.code, Errc::attached);
    EXPECT_EQ(error.detail, "[0, 122880) is attached by the root borrow of this session");
  }
  must_release(must_borrow(ada, {0, 1}, root), ada);
  ASSERT_TRUE(table.detach(root, ada.session).has_value());
  Lending by_handle = wish(ada, kBorrow, {{0, 1}}, root);
  by_handle.is_from_root = true;
  must_lend(by_handle);
}

TEST_F(TokenLending, WhoWaitsForTheRootIsRefusedWhenItIsAttachedByThen) {
  const std::uint64_t root = must_borrow(ada, {0, 30});
  const std::uint64_t part = must_borrow(ada, {0, 4}, root);
  Lending by_handle = wish(ada, kBorrow, {{0, 1}}, root);
  by_handle.is_from_root = true;
  const Asker waiting = must_wait(by_handle);
  must_attach(root, ada);
  EXPECT_TRUE(is_waiting(waiting));
  must_release(part, ada);
  EXPECT_EQ(refusal(waiting).code, Errc::attached);
}

}  // namespace
}  // namespace tenure::core
