// SPDX-License-Identifier: Apache-2.0
// How a wait ends without pages, when it is due, and who is listed as waiting.
#include <algorithm>

#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class TokenWaitEndings : public TokenTest {};

// ---- refused, cancelled, dead

TEST_F(TokenWaitEndings, CancelLetsTheNextOneIn) {
  must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}));
  EXPECT_TRUE(table.cancel(writer));
  EXPECT_EQ(refusal(writer).code, Errc::cancelled);
  EXPECT_EQ(refusal(writer).detail, "by the client");
  EXPECT_TRUE(is_granted(reader));
}

TEST_F(TokenWaitEndings, OnlyWhatWaitsIsCancelled) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  EXPECT_FALSE(table.cancel({.session = ada.session, .request = waiting.request}));
  must_release(token, ada);
  EXPECT_FALSE(table.cancel(waiting));
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenWaitEndings, TimeoutSaysWhoHasThePagesAndForHowLongItWaited) {
  must_borrow(ada, {0, 4});
  host.time = 10ms;
  const Asker waiting = must_wait(wish(ben, kBorrow, {{2, 8}}), 15ms);
  pass(4ms);
  EXPECT_TRUE(is_waiting(waiting));
  pass(1ms);
  const Error error = refusal(waiting);
  EXPECT_EQ(error.code, Errc::timed_out);
  EXPECT_EQ(error.detail,
            "[8192, 16384) is borrowed by worker (session 1, pid 1), still after 5 ms");
}

TEST_F(TokenWaitEndings, WhatWasLentAndRefusedIsCounted) {
  const std::uint64_t borrow = must_borrow(ada, {0, 4});
  must_lend(wish(ben, kFreeze, {{4, 8}, {8, 12}}));
  EXPECT_FALSE(can_borrow(ben, {0, 1}));
  const Asker late = must_wait(wish(ben, kBorrow, {{0, 1}}), host.time + 5ms);
  const Asker cancelled = must_wait(wish(ben, kBorrow, {{1, 2}}));
  EXPECT_TRUE(table.cancel(cancelled));
  pass(5ms);
  EXPECT_FALSE(is_waiting(late));
  must_attach(borrow, ada);
  table.end_session(ada.session);
  const TokenCounts& counts = table.counts();
  EXPECT_EQ(counts.borrowed, 1U);
  EXPECT_EQ(counts.frozen, 2U);
  EXPECT_EQ(counts.claimed, 0U);
  EXPECT_EQ(counts.refused, 2U);  // At once, and late; what its asker cancels is not refused.
  EXPECT_EQ(counts.poisoned, 1U);
}

TEST_F(TokenWaitEndings, TimeoutBehindAnotherWaiterNamesThat) {
  must_freeze(ada, {0, 4});
  must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}), 15ms);
  pass(15ms);
  EXPECT_THAT(refusal(reader).detail,
              HasSubstr("worker (session 2, pid 1) waits to borrow [0, 16384), still after"));
}

TEST_F(TokenWaitEndings, TimeoutLetsTheNextOneIn) {
  must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}), 5ms);
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}), 8ms);
  pass(5ms);
  EXPECT_EQ(refusal(writer).code, Errc::timed_out);
  EXPECT_TRUE(is_granted(reader));
}

TEST_F(TokenWaitEndings, DeadWaiterLetsTheNextOneInAndIsNotAnswered) {
  must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}));
  table.end_session(ben.session);
  EXPECT_EQ(decision(writer), nullptr);
  EXPECT_TRUE(is_granted(reader));
}

TEST_F(TokenWaitEndings, WhoIsNotThereToBeToldStopsWaiting) {
  const std::uint64_t token = must_freeze(ben, {20, 21});
  must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}));
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}));
  table.stop_waiting(ben.session);
  EXPECT_EQ(decision(writer), nullptr);
  EXPECT_EQ(table.waiting(0, 99).size(), 0U);
  EXPECT_TRUE(is_granted(reader));
  EXPECT_TRUE(table.find(token, ben.session).has_value()) << "it keeps what it has";
}

TEST_F(TokenWaitEndings, OfARevokedIssuerNothingIsGotAnyMore) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_borrow(ada, {0, 4}, token);
  const Asker waiting = must_wait(wish(ada, kBorrow, {{0, 8}}, token));
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_EQ(refusal(waiting).code, Errc::stale);
  EXPECT_EQ(refusal(waiting).detail, "no token 1 in this session");
}

TEST_F(TokenWaitEndings, QuotaIsToldWhenTheTurnComesAndTheNextOneIsLetIn) {
  host.limit = 1;
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker poor = must_wait(wish(ben, kBorrow, {{0, 4}, {8, 12}}));
  const Asker next = must_wait(wish(eve, kBorrow, {{8, 12}}));
  must_release(token, ada);
  EXPECT_EQ(refusal(poor).code, Errc::quota);
  EXPECT_EQ(refusal(poor).count, 1U);
  EXPECT_TRUE(is_granted(next));
}

TEST_F(TokenWaitEndings, GrainIsJudgedWhenTheTurnComes) {
  const std::uint64_t token = must_borrow(ada, {0, 2});
  const Asker eve_waits = must_wait(wish(eve, kBorrow, {{0, 2}, {8, 12}}));
  const Asker next = must_wait(wish(dan, kBorrow, {{8, 12}}));
  must_borrow(ben, {2, 4});
  must_release(token, ada);
  EXPECT_EQ(refusal(eve_waits).code, Errc::needs_grain);
  EXPECT_TRUE(is_granted(next));
}

TEST_F(TokenWaitEndings, FreezeOfWhatComesBackPoisonedIsRefused) {
  must_attach(must_borrow(ada, {2, 4}), ada);
  const Asker reader = must_wait(wish(ben, kFreeze, {{0, 8}}));
  const Asker writer = must_wait(wish(dan, kBorrow, {{0, 8}}));
  table.end_session(ada.session);
  EXPECT_EQ(refusal(reader).code, Errc::poisoned);
  EXPECT_TRUE(is_granted(writer));
}

TEST_F(TokenWaitEndings, WriterOfTheIssuerIsLookedForWhenTheTurnComes) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_freeze(ada, {0, 4}, token);
  const Asker waiting = must_wait(wish(ada, kBorrow, {{0, 4}}, token));
  host.mapped = {0, 1};
  must_release(child, ada);
  EXPECT_EQ(refusal(waiting).code, Errc::still_mapped);
  EXPECT_EQ(rights(token), "[0,8) write");
}

// ---- deadlines, and who waits

TEST_F(TokenWaitEndings, NothingIsDueWithoutADeadline) {
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}), Time::max());
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  pass(std::chrono::years(1));
  EXPECT_TRUE(is_waiting(waiting));
  must_release(token, ada);
  must_send(granted(waiting).at(0), ben);
  EXPECT_EQ(table.next_deadline(), std::nullopt);
}

TEST_F(TokenWaitEndings, NextDeadlineIsTheEarliestOfWaitsAndTickets) {
  must_borrow(ada, {0, 4});
  const Asker later = must_wait(wish(ben, kBorrow, {{0, 4}}), 20ms);
  EXPECT_EQ(table.next_deadline(), 20ms);
  const Asker sooner = must_wait(wish(dan, kBorrow, {{0, 4}}), 10ms);
  EXPECT_EQ(table.next_deadline(), 10ms);
  must_send(must_borrow(dan, {8, 12}), dan, {.text = "sesame", .expiry = 30ms});
  EXPECT_EQ(table.next_deadline(), 10ms);
  must_send(must_borrow(dan, {12, 16}), dan, {.text = "sesame", .expiry = 5ms});
  EXPECT_EQ(table.next_deadline(), 5ms);
  pass(5ms);
  EXPECT_EQ(table.next_deadline(), 10ms);
  EXPECT_TRUE(table.cancel(sooner));
  EXPECT_EQ(table.next_deadline(), 20ms);
  EXPECT_TRUE(table.cancel(later));
  EXPECT_EQ(table.next_deadline(), 30ms);
}

TEST_F(TokenWaitEndings, GrantedRequestIsNotDueAnyMore) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}), 10ms);
  must_release(token, ada);
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  pass(10ms);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenWaitEndings, ListsWhoWaitsInTheirTurn) {
  must_borrow(ada, {0, 4});
  host.time = 3ms;
  const Asker first = must_wait(wish(dan, kBorrow, {{0, 4}}), 9ms);
  const Asker second = must_wait(wish(ben, kFreeze, {{0, 2}}));
  const auto all = table.waiting(0, 10);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->wish.asker, first);
  EXPECT_EQ(all[0]->wish.deadline, 9ms);
  EXPECT_EQ(all[0]->since, 3ms);
  EXPECT_FALSE(all[0]->for_return);
  EXPECT_EQ(all[1]->wish.asker, second);
  EXPECT_THAT(table.waiting(0, 1), ElementsAre(all[0]));
  EXPECT_THAT(table.waiting(all[0]->turn, 10), ElementsAre(all[1]));
  EXPECT_THAT(table.waiting(all[1]->turn, 10), IsEmpty());
}

TEST_F(TokenWaitEndings, CountsWhatASessionWaitsFor) {
  must_borrow(ada, {0, 4});
  must_wait(wish(ben, kBorrow, {{0, 4}}));
  must_wait(wish(ben, kBorrow, {{0, 2}}));
  must_wait(wish(dan, kBorrow, {{0, 2}}));
  const auto count_of = [&](const Holder& who) {
    const auto waiting = table.waiting(0, 99);
    return std::ranges::count(
        waiting, who.session, [](const Waiting* one) { return one->wish.asker.session; });
  };
  EXPECT_EQ(count_of(ada), 0);
  EXPECT_EQ(count_of(ben), 2);
  EXPECT_EQ(count_of(dan), 1);
}

TEST_F(TokenWaitEndings, TimeoutBehindOneThatTimesOutTooNamesAReason) {
  must_freeze(ada, {0, 4});
  const Asker writer = must_wait(wish(ben, kBorrow, {{0, 4}}), 5ms);
  const Asker reader = must_wait(wish(dan, kFreeze, {{0, 4}}), 5ms);
  pass(5ms);
  EXPECT_EQ(refusal(writer).code, Errc::timed_out);
  EXPECT_THAT(refusal(reader).detail, HasSubstr("waits to borrow"));
}

}  // namespace
}  // namespace tenure::core
