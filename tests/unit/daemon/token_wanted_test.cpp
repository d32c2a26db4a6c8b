// SPDX-License-Identifier: Apache-2.0
// Holders that do not answer: whether somebody waits for what they have, and taking it from them.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace std::chrono_literals;

class TokenWanted : public TokenTest {
 protected:
  Asker must_wait_returned(const Holder& who, std::uint64_t token) {
    const Asker asker{.session = who.session, .request = ++last_request};
    const auto returned = table.wait_returned(asker, token, Time::max());
    EXPECT_TRUE(returned.has_value() && !*returned);
    return asker;
  }
};

TEST_F(TokenWanted, NobodyIsWhomNobodyWaitsFor) {
  must_borrow(ada, {0, 4});
  must_borrow(ben, {4, 8});
  must_wait(wish(dan, kBorrow, {{4, 8}}));
  EXPECT_FALSE(table.is_wanted(ada.session));
  EXPECT_FALSE(table.is_wanted(dan.session));
  EXPECT_TRUE(table.is_wanted(ben.session));
}

TEST_F(TokenWanted, ReaderIsByAWaitingWriter) {
  must_freeze(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{2, 8}}));
  EXPECT_TRUE(table.is_wanted(ada.session));
  EXPECT_TRUE(table.cancel(waiting));
  EXPECT_FALSE(table.is_wanted(ada.session));
}

TEST_F(TokenWanted, WriterIsByAWaitingReader) {
  must_borrow(ada, {0, 4});
  must_wait(wish(ben, kFreeze, {{2, 8}}));
  EXPECT_TRUE(table.is_wanted(ada.session));
}

TEST_F(TokenWanted, ChildIsByAnIssuerThatWaitsForItsReturn) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_lend_on(token, ada, ben, {0, 2});
  EXPECT_FALSE(table.is_wanted(ben.session));
  must_wait_returned(ada, token);
  EXPECT_TRUE(table.is_wanted(ben.session));
}

TEST_F(TokenWanted, TokensAreTakenAsFromTheDeadAndOthersStay) {
  const std::uint64_t wanted = must_borrow(ada, {0, 4});
  const std::uint64_t other = must_borrow(ada, {4, 8});
  must_attach(wanted, ada);
  must_attach(other, ada);
  const Asker waiting = must_wait(wish(ben, kBorrow, {{2, 4}}));
  table.take_wanted(ada.session);
  EXPECT_EQ(refusal(table.find(wanted, ada.session)).code, Errc::stale);
  EXPECT_TRUE(table.find(other, ada.session).has_value());
  EXPECT_TRUE(is_poisoned(granted(waiting).at(0)));
  EXPECT_THAT(host.abandoned, ElementsAre(Pair(wanted, PageRange{0, 4})));
  EXPECT_FALSE(table.is_wanted(ada.session));
}

TEST_F(TokenWanted, ChildIsTakenForAnIssuerThatWaitsForItsReturn) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_lend_on(token, ada, ben, {0, 2});
  const Asker waiting = must_wait_returned(ada, token);
  table.take_wanted(ben.session);
  EXPECT_TRUE(is_granted(waiting));
  EXPECT_EQ(rights(token), "[0,4) write");
}

TEST_F(TokenWanted, NothingIsTakenThatNobodyWaitsFor) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  table.take_wanted(ada.session);
  table.take_wanted(ben.session);
  EXPECT_TRUE(table.find(token, ada.session).has_value());
  EXPECT_THAT(host.abandoned, IsEmpty());
}

TEST_F(TokenWanted, TicketStaysGoodUntilItComesBackAndIsTakenThen) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_send(token, ada, {.text = "sesame", .expiry = host.time + 5ms});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  table.take_wanted(ada.session);
  EXPECT_TRUE(is_waiting(waiting));
  pass(5ms);
  EXPECT_TRUE(is_waiting(waiting));
  table.take_wanted(ada.session);
  EXPECT_FALSE(is_poisoned(granted(waiting).at(0)));
}

TEST_F(TokenWanted, WaitSaysWhatItWaitsFor) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_freeze(ada, {2, 4}, token);
  must_wait(wish(ben, kBorrow, {{0, 2}}));
  must_wait(wish(dan, kFreeze, {{0, 1}}));
  must_wait_returned(ada, token);
  const auto all = table.waiting(0, 10);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(table.obstacle(*all[0]), "[0, 8192) is borrowed by worker (session 1, pid 1)");
  EXPECT_EQ(table.obstacle(*all[1]), "[0, 4096) is borrowed by worker (session 1, pid 1)");
  EXPECT_EQ(table.obstacle(*all[2]), "[8192, 16384) is frozen by worker (session 1, pid 1)");
}

TEST_F(TokenWanted, FreezeIsNotWantedByAWaitingFreeze) {
  must_freeze(ada, {0, 4});
  must_borrow(dan, {4, 8});
  must_wait(wish(ben, kFreeze, {{0, 8}}));
  EXPECT_FALSE(table.is_wanted(ada.session)) << "ben waits for what dan has borrowed";
}

TEST_F(TokenWanted, TicketOnItsWayIsNotItsSendersAnyMore) {
  must_send(must_borrow(ada, {0, 4}), ada);
  must_wait(wish(ben, kBorrow, {{0, 4}}));
  EXPECT_FALSE(table.is_wanted(ada.session));
}

}  // namespace
}  // namespace tenure::core
