// SPDX-License-Identifier: Apache-2.0
// Who waits for pages, and in which turn they get them.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;

class TokenWaiting : public TokenTest {
 protected:
  std::vector<PageRange> granted_pages(const Asker& asker) {
    std::vector<PageRange> pages;
    for (const std::uint64_t token : granted(asker)) {
      pages.push_back(held(token).pages);
    }
    return pages;
  }
};

TEST_F(TokenWaiting, BorrowWaitsUntilThePagesAreBack) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker ben_waits = must_wait(wish(ben, kBorrow, {{0, 4}}));
  EXPECT_TRUE(is_waiting(ben_waits));
  must_release(token, ada);
  EXPECT_THAT(granted_pages(ben_waits), ElementsAre(PageRange{0, 4}));
  EXPECT_TRUE(table.find(granted(ben_waits).at(0), ben.session).has_value());
  EXPECT_TRUE(table.waiting(0, 1).empty());
}

TEST_F(TokenWaiting, FirstToAskIsTheFirstToGet) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker ben_waits = must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker dan_waits = must_wait(wish(dan, kBorrow, {{0, 4}}));
  must_release(token, ada);
  EXPECT_TRUE(is_granted(ben_waits));
  EXPECT_TRUE(is_waiting(dan_waits));
  must_release(granted(ben_waits).at(0), ben);
  EXPECT_TRUE(is_granted(dan_waits));
}

TEST_F(TokenWaiting, LaterFreezeDoesNotStarveAWaitingBorrow) {
  const std::uint64_t frozen = must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}));
  EXPECT_TRUE(is_waiting(reader));
  must_release(frozen, ada);
  EXPECT_TRUE(is_granted(writer));
  EXPECT_TRUE(is_waiting(reader));
  must_release(granted(writer).at(0), ben);
  EXPECT_TRUE(is_granted(reader));
}

TEST_F(TokenWaiting, FreezeThatDoesNotWaitIsRefusedBehindAWaitingBorrow) {
  must_freeze(ada, {0, 4});
  must_wait(wish(ben, kBorrow, {{0, 1}, {2, 6}}));
  const Error error = refusal(table.lend(wish(dan, kFreeze, {{1, 4}})));
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "worker (session 2, pid 1) waits to borrow [8192, 16384)");
  EXPECT_EQ(error.hint, "wait with a deadline for your turn");
}

TEST_F(TokenWaiting, BorrowIsRefusedBehindAWaitingFreeze) {
  must_borrow(ada, {0, 2});
  must_wait(wish(ben, kFreeze, {{0, 4}}));
  const Error error = refusal(table.lend(wish(dan, kBorrow, {{2, 8}})));
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "worker (session 2, pid 1) waits to freeze [8192, 16384)");
}

TEST_F(TokenWaiting, BorrowIsRefusedBehindAWaitingBorrow) {
  must_borrow(ada, {0, 2});
  must_wait(wish(ben, kBorrow, {{0, 4}}));
  EXPECT_EQ(refusal(table.lend(wish(dan, kBorrow, {{2, 4}}))).code, Errc::held);
}

TEST_F(TokenWaiting, FreezePassesAWaitingFreeze) {
  must_borrow(ada, {0, 2});
  const Asker waiting = must_wait(wish(ben, kFreeze, {{0, 4}}));
  must_freeze(dan, {2, 4});
  EXPECT_TRUE(is_waiting(waiting));
}

TEST_F(TokenWaiting, WhoWantsOtherPagesPassesTheQueue) {
  must_borrow(ada, {0, 4});
  must_wait(wish(ben, kBorrow, {{0, 8}}));
  must_borrow(dan, {8, 12});
}

TEST_F(TokenWaiting, QueuesOfTwoIssuersAreApart) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_wait(wish(ben, kBorrow, {{0, 8}}));
  must_borrow(ada, {0, 8}, token);
}

TEST_F(TokenWaiting, ReadersBehindAWriterAreLetInTogether) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker first = must_wait(wish(ben, kFreeze, {{0, 4}}));
  const Asker second = must_wait(wish(dan, kFreeze, {{2, 4}}));
  must_release(token, ada);
  EXPECT_TRUE(is_granted(first));
  EXPECT_TRUE(is_granted(second));
}

TEST_F(TokenWaiting, WaitsForTheLastOfItsRegions) {
  const std::uint64_t first = must_borrow(ada, {0, 4});
  const std::uint64_t second = must_borrow(ada, {8, 12});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{8, 12}, {0, 4}, {20, 21}}));
  must_release(first, ada);
  EXPECT_TRUE(is_waiting(waiting));
  must_release(second, ada);
  EXPECT_THAT(granted_pages(waiting),
              ElementsAre(PageRange{8, 12}, PageRange{0, 4}, PageRange{20, 21}));
}

TEST_F(TokenWaiting, RegionsOfTwoThatWaitMayAlternate) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker first = must_wait(wish(ben, kBorrow, {{0, 1}, {2, 3}}));
  const Asker second = must_wait(wish(dan, kBorrow, {{1, 2}, {3, 4}}));
  must_release(token, ada);
  EXPECT_THAT(granted_pages(first), ElementsAre(PageRange{0, 1}, PageRange{2, 3}));
  EXPECT_THAT(granted_pages(second), ElementsAre(PageRange{1, 2}, PageRange{3, 4}));
}

TEST_F(TokenWaiting, WhoWaitsHoldsNothingButItsTurn) {
  must_borrow(ada, {0, 4});
  must_wait(wish(ben, kBorrow, {{0, 4}, {8, 12}}));
  EXPECT_EQ(host.charged[ben.uid], 1U);
  EXPECT_EQ(table.token_count(), 1U);
  EXPECT_EQ(refusal(table.lend(wish(dan, kBorrow, {{8, 12}}))).detail,
            "worker (session 2, pid 1) waits to borrow [32768, 49152)");
}

TEST_F(TokenWaiting, FreezeOfOverlappingRegionsWaitsToo) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kFreeze, {{0, 4}, {0, 2}, {0, 4}}));
  must_release(token, ada);
  EXPECT_THAT(granted_pages(waiting),
              ElementsAre(PageRange{0, 4}, PageRange{0, 2}, PageRange{0, 4}));
  table.end_session(ben.session);
  must_borrow(dan, {0, 4});
}

TEST_F(TokenWaiting, DeathOfAHolderLetsTheWaitingIn) {
  must_borrow(ada, {0, 4});
  must_freeze(ada, {4, 8});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 8}}));
  table.end_session(ada.session);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenWaiting, ReturnedChildLetsThoseOfItsIssuerIn) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_borrow(ada, {0, 4}, token);
  const Asker waiting = must_wait(wish(ada, kFreeze, {{0, 8}}, token));
  must_release(child, ada);
  EXPECT_TRUE(is_granted(waiting));
  EXPECT_EQ(held(granted(waiting).at(0)).issuer, token);
}

TEST_F(TokenWaiting, RequestThatWaitsIsNotMadeAgain) {
  must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  Lending again = wish(ben, kBorrow, {{8, 12}});
  again.asker = waiting;
  const Error error = refusal(table.lend(again));
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "id: a request with it is waiting");
}

}  // namespace
}  // namespace tenure::core
