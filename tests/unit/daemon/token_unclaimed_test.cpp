// SPDX-License-Identifier: Apache-2.0
// What becomes of tickets that nobody claims, or whose sender dies.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class TokenUnclaimed : public TokenTest {
 protected:
  // A borrow of ada's on its way, for five milliseconds.
  std::uint64_t must_send_borrow(Ticket ticket = {.text = "sesame"}) {
    const std::uint64_t token = must_borrow(ada, {0, 4});
    ticket.expiry = host.time + 5ms;
    must_send(token, ada, std::move(ticket));
    return token;
  }
  // A borrow of ada's that it wrote to.
  std::uint64_t must_write() {
    const std::uint64_t token = must_borrow(ada, {0, 4});
    must_attach(token, ada);
    EXPECT_TRUE(table.detach(token, ada.session).has_value());
    return token;
  }
};

TEST_F(TokenUnclaimed, ExpiredTicketIsBackWithItsSenderWhoIsTold) {
  const std::uint64_t token = must_send_borrow();
  pass(4ms);
  EXPECT_THAT(table.take_notices(), IsEmpty());
  pass(1ms);
  const auto notices = table.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].session, ada.session);
  EXPECT_EQ(notices[0].event.what, Event::What::returned);
  EXPECT_EQ(notices[0].event.segment, "pool");
  EXPECT_EQ(notices[0].event.ticket, "sesame");
  EXPECT_EQ(notices[0].event.token, token);
}

TEST_F(TokenUnclaimed, ExpiredTicketIsClaimedByItsSenderOnly) {
  const std::uint64_t token =
      must_send_borrow({.text = "sesame", .to_uid = eve.uid, .to_session = eve.session});
  pass(5ms);
  EXPECT_EQ(refusal(claim(token, eve)).code, Errc::stale);
  EXPECT_EQ(refusal(claim(token, ben)).code, Errc::stale);
  const std::uint64_t claimed = must_claim(token, ada);
  EXPECT_EQ(rights(claimed), "[0,4) write");
}

TEST_F(TokenUnclaimed, TicketThatCameBackStaysUntilItsSenderClaimsIt) {
  const std::uint64_t token = must_send_borrow();
  pass(5ms);
  static_cast<void>(table.take_notices());
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  pass(std::chrono::years(1));
  EXPECT_THAT(table.take_notices(), IsEmpty());
  EXPECT_FALSE(can_borrow(ben, {0, 4}));
  must_claim(token, ada);
}

TEST_F(TokenUnclaimed, ClaimedTicketDoesNotExpire) {
  const std::uint64_t token = must_send_borrow();
  const std::uint64_t claimed = must_claim(token, ben);
  EXPECT_EQ(table.next_deadline(), std::nullopt);
  pass(5ms);
  EXPECT_THAT(table.take_notices(), IsEmpty());
  EXPECT_TRUE(table.find(claimed, ben.session).has_value());
}

TEST_F(TokenUnclaimed, TicketOutlivesItsSender) {
  const std::uint64_t token = must_send_borrow();
  table.end_session(ada.session);
  EXPECT_FALSE(can_borrow(dan, {0, 4}));
  must_claim(token, ben);
}

TEST_F(TokenUnclaimed, TicketOfADeadSenderGoesBackToTheIssuerNotPoisoned) {
  const std::uint64_t issuer = must_borrow(ben, {0, 8});
  const std::uint64_t token = must_lend_on(issuer, ben, ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.detach(token, ada.session).has_value());
  must_send(token, ada, {.text = "sesame", .expiry = host.time + 5ms});
  table.end_session(ada.session);
  EXPECT_EQ(rights(issuer), "[4,8) write");
  pass(5ms);
  EXPECT_EQ(rights(issuer), "[0,8) write");
  EXPECT_FALSE(is_poisoned(issuer));
  EXPECT_THAT(table.take_notices(), IsEmpty());
  EXPECT_EQ(refusal(claim(token, ben)).code, Errc::stale);
  EXPECT_EQ(host.charged[ada.uid], 1U);
}

TEST_F(TokenUnclaimed, TicketThatCameBackGoesWithItsSender) {
  must_send_borrow();
  const Asker waiting = must_wait(wish(ben, kFreeze, {{0, 4}}));
  pass(5ms);
  EXPECT_TRUE(is_waiting(waiting));
  table.end_session(ada.session);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenUnclaimed, ExpiryLetsTheWaitingInWhenTheSenderIsDead) {
  must_send_borrow();
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  table.end_session(ada.session);
  EXPECT_TRUE(is_waiting(waiting));
  pass(5ms);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenUnclaimed, RevokedTicketGoesBackToTheIssuerNotPoisoned) {
  const std::uint64_t token = must_write();
  must_send(token, ada);
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_EQ(refusal(claim(token, ben)).code, Errc::stale);
  must_freeze(ben, {0, 4});
}

// Whoever sent it wrote it whole; who claimed it wrote nothing yet.
TEST_F(TokenUnclaimed, ClaimedTokenIsNotPoisonedForWhatItsSenderWrote) {
  const std::uint64_t token = must_write();
  must_hand_over(token, ada, ben);
  table.end_session(ben.session);
  must_freeze(dan, {0, 4});
}

TEST_F(TokenUnclaimed, SenderHasItAgainThoughItsUidIsAtItsLimit) {
  host.limit = 1;
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_send(token, ada, {.text = "sesame", .expiry = host.time + 5ms});
  pass(5ms);
  must_claim(token, ada);
}

}  // namespace
}  // namespace tenure::core
