// SPDX-License-Identifier: Apache-2.0
// Tokens on their way: sent, and claimed.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class TokenTickets : public TokenTest {
 protected:
  // A borrow of ada's on its way.
  std::uint64_t must_send_borrow(Ticket ticket = {.text = "sesame"}) {
    const std::uint64_t token = must_borrow(ada, {0, 4});
    must_send(token, ada, std::move(ticket));
    return token;
  }
  Error not_claimed(std::uint64_t token, const std::string& ticket) {
    return refusal(table.claim({.token = token, .ticket = ticket, .holder = ben}));
  }
};

// ---- sending

TEST_F(TokenTickets, SentTokenIsDeadToItsSenderAtOnce) {
  const std::uint64_t token = must_send_borrow();
  EXPECT_EQ(refusal(table.find(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.attach(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.detach(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.release(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.acknowledge(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.transfer(token, ada.session, {.text = "again"})).code, Errc::stale);
  EXPECT_EQ(refusal(table.lend(wish(ada, kFreeze, {{0, 1}}, token))).code, Errc::stale);
}

TEST_F(TokenTickets, SentPagesStayTaken) {
  must_send_borrow();
  const Error error = refusal(table.lend(wish(ben, kFreeze, {{0, 4}})));
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "[0, 16384) is in a ticket of worker (session 1, pid 1)");
}

TEST_F(TokenTickets, TicketSaysSinceWhenItIsOnItsWay) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  host.time = 7ms;
  must_send(token, ada);
  EXPECT_EQ(held(token).since, 7ms);
}

TEST_F(TokenTickets, AttachedTokenIsNotSent) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  const Error error = refusal(table.transfer(token, ada.session, {.text = "sesame"}));
  EXPECT_EQ(error.code, Errc::attached);
  EXPECT_EQ(error.detail, "[0, 16384) is attached");
  EXPECT_TRUE(table.find(token, ada.session).has_value());
}

TEST_F(TokenTickets, TokenWithChildrenIsNotSent) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_freeze(ada, {1, 2}, token);
  const Error error = refusal(table.transfer(token, ada.session, {.text = "sesame"}));
  EXPECT_EQ(error.code, Errc::has_children);
  EXPECT_EQ(error.detail, "[4096, 8192) is frozen by worker (session 1, pid 1)");
  EXPECT_TRUE(table.find(token, ada.session).has_value());
}

TEST_F(TokenTickets, TokensOfOthersAreNotSent) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_EQ(refusal(table.transfer(token, ben.session, {.text = "sesame"})).code, Errc::stale);
}

TEST_F(TokenTickets, BorrowWhoseMemoryHasAWriterIsKept) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  host.mapped = {3, 4};
  const Error error =
      refusal(table.transfer(token, ada.session, {.text = "sesame", .to_session = ben.session}));
  EXPECT_EQ(error.code, Errc::still_mapped);
  EXPECT_THAT(error.detail, HasSubstr("can still write [0, 16384)"));
  EXPECT_THAT(table.take_notices(), IsEmpty());
  must_attach(token, ada);
}

TEST_F(TokenTickets, FreezeIsSentWithoutAWriterCheck) {
  const std::uint64_t token = must_freeze(ada, {0, 4});
  host.mapped = {0, 4};
  must_hand_over(token, ada, ben);
  EXPECT_EQ(host.refusals, 0U);
}

TEST_F(TokenTickets, SessionThatATicketIsForIsTold) {
  const std::uint64_t token = must_send_borrow({.text = "sesame", .to_session = ben.session});
  const auto notices = table.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].session, ben.session);
  EXPECT_EQ(notices[0].event.what, Event::What::ticket);
  EXPECT_EQ(notices[0].event.segment, "pool");
  EXPECT_EQ(notices[0].event.ticket, "sesame");
  EXPECT_EQ(notices[0].event.token, token);
}

TEST_F(TokenTickets, NobodyIsToldOfATicketForNoSession) {
  must_send_borrow({.text = "sesame", .to_uid = ben.uid});
  EXPECT_THAT(table.take_notices(), IsEmpty());
}

// ---- claiming

TEST_F(TokenTickets, ClaimIsANewTokenInThePlaceOfTheOneSent) {
  const std::uint64_t issuer = must_borrow(ada, {0, 8});
  Lending lending = wish(ada, kFreeze, {{0, 4}}, issuer);
  lending.layout = "float32[4096]";
  const std::uint64_t sent = must_lend(lending).at(0);
  must_send(sent, ada);
  host.time = 7ms;
  const std::uint64_t claimed = must_claim(sent, ben);
  EXPECT_NE(claimed, sent);
  EXPECT_EQ(table.find_any(sent), nullptr);
  const auto found = table.find(claimed, ben.session);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ((*found)->mode, kFreeze);
  EXPECT_EQ((*found)->pages, (PageRange{0, 4}));
  EXPECT_EQ((*found)->issuer, issuer);
  EXPECT_EQ((*found)->layout, "float32[4096]");
  EXPECT_EQ((*found)->depth, 2U);
  EXPECT_EQ((*found)->since, 7ms);
  EXPECT_EQ(rights(issuer), "[0,4) read, [4,8) write");
}

TEST_F(TokenTickets, ClaimedTokenIsUsedLikeAnyOther) {
  const std::uint64_t token = must_hand_over(must_borrow(ada, {0, 4}), ada, ben);
  must_attach(token, ben);
  ASSERT_TRUE(table.detach(token, ben.session).has_value());
  must_release(must_borrow(ben, {0, 2}, token), ben);
  must_release(token, ben);
  must_borrow(dan, {0, 4});
}

TEST_F(TokenTickets, TicketItselfIsTheRight) {
  must_claim(must_send_borrow(), eve);
}

TEST_F(TokenTickets, ClaimMovesTheChargeToTheClaimer) {
  must_claim(must_send_borrow(), eve);
  EXPECT_EQ(host.charged[ada.uid], 0U);
  EXPECT_EQ(host.charged[eve.uid], 1U);
}

TEST_F(TokenTickets, IsClaimedOnce) {
  const std::uint64_t token = must_send_borrow();
  const std::uint64_t claimed = must_claim(token, ben);
  const Error error = refusal(claim(token, dan));
  EXPECT_EQ(error.code, Errc::stale);
  EXPECT_EQ(error.detail, "no such ticket: it was claimed, has expired, or is mistyped");
  EXPECT_EQ(refusal(claim(claimed, dan)).code, Errc::stale);
}

TEST_F(TokenTickets, MistypedTicketIsStale) {
  const std::uint64_t token = must_send_borrow();
  for (const std::string text : {"", "sesam", "sesame!", "sesamE", "Sesame", "open"}) {
    EXPECT_EQ(not_claimed(token, text).code, Errc::stale) << text;
  }
  EXPECT_EQ(not_claimed(token + 1, "sesame").code, Errc::stale);
  must_claim(token, ben);
}

TEST_F(TokenTickets, TokenThatWasNotSentIsNotClaimed) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_EQ(not_claimed(token, "").code, Errc::stale);
  EXPECT_EQ(not_claimed(kBrokersShare, "").code, Errc::stale);
}

TEST_F(TokenTickets, TicketForAUidIsDeniedToAnother) {
  const std::uint64_t token = must_send_borrow({.text = "sesame", .to_uid = eve.uid});
  const Error error = refusal(claim(token, ben));
  EXPECT_EQ(error.code, Errc::denied);
  EXPECT_EQ(error.detail, "the ticket is for somebody else");
  must_claim(token, fay);
}

TEST_F(TokenTickets, TicketForASessionIsDeniedToAnother) {
  const std::uint64_t token = must_send_borrow({.text = "sesame", .to_session = ben.session});
  EXPECT_EQ(refusal(claim(token, dan)).code, Errc::denied);
  EXPECT_EQ(refusal(claim(token, ada)).code, Errc::denied);
  must_claim(token, ben);
}

TEST_F(TokenTickets, TicketOfTheOtherModeIsRefusedAndStaysGood) {
  const std::uint64_t borrow = must_send_borrow();
  const Error error = refusal(claim(borrow, ben, kFreeze));
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "the ticket is for a borrow");
  EXPECT_TRUE(claim(borrow, ben, kBorrow).has_value());
  const std::uint64_t freeze = must_freeze(ada, {4, 8});
  must_send(freeze, ada);
  EXPECT_EQ(refusal(claim(freeze, ben, kBorrow)).detail, "the ticket is for a freeze");
  EXPECT_TRUE(claim(freeze, ben, kFreeze).has_value());
}

TEST_F(TokenTickets, TicketOverTheClaimersQuotaStaysGood) {
  host.limit = 1;
  const std::uint64_t token = must_send_borrow();
  const std::uint64_t other = must_borrow(eve, {8, 12});
  const Error error = refusal(claim(token, eve));
  EXPECT_EQ(error.code, Errc::quota);
  EXPECT_EQ(error.count, 1U);
  EXPECT_EQ(host.charged[ada.uid], 1U);
  must_release(other, eve);
  must_claim(token, eve);
}

TEST_F(TokenTickets, SendingLetsNobodyIn) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(dan, kBorrow, {{0, 4}}));
  const std::uint64_t claimed = must_hand_over(token, ada, ben);
  EXPECT_TRUE(is_waiting(waiting));
  must_release(claimed, ben);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenTickets, ClaimWithinAUidNeedsNoMoreQuota) {
  host.limit = 1;
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_send(token, ada);
  must_claim(token, ben);
}

}  // namespace
}  // namespace tenure::core
