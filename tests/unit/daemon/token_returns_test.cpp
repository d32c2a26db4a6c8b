// SPDX-License-Identifier: Apache-2.0
// Waiting for the return of all that was lent.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;

class TokenReturns : public TokenTest {
 protected:
  Asker ask(const Holder& who) { return {.session = who.session, .request = ++last_request}; }
  Asker must_wait_returned(const Holder& who, std::uint64_t token, Time deadline = Time::max()) {
    const Asker asker = ask(who);
    const auto returned = table.wait_returned(asker, token, deadline);
    EXPECT_TRUE(returned.has_value()) << returned.error().message();
    EXPECT_FALSE(returned && *returned) << "it does not wait";
    return asker;
  }
};

TEST_F(TokenReturns, NothingIsWaitedForWithoutChildren) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const auto returned = table.wait_returned(ask(ada), token, kDoNotWait);
  ASSERT_TRUE(returned.has_value());
  EXPECT_TRUE(*returned);
}

TEST_F(TokenReturns, ComeWithTheLastChild) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t borrow = must_borrow(ada, {0, 4}, token);
  const std::uint64_t freeze = must_freeze(ada, {4, 8}, token);
  const Asker waiting = must_wait_returned(ada, token);
  must_release(borrow, ada);
  EXPECT_TRUE(is_waiting(waiting));
  must_release(freeze, ada);
  ASSERT_TRUE(is_granted(waiting));
  EXPECT_THAT(granted(waiting), IsEmpty());
  EXPECT_EQ(table.waiting(0, 99).size(), 0U);
}

TEST_F(TokenReturns, ToTheBrokerAreWaitedForByAnybody) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait_returned(ben, kBrokersShare);
  must_release(token, ada);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenReturns, ThatAreNotWaitedForAreRefusedWithTheChild) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_lend_on(token, ada, ben, {2, 4});
  const Error error = refusal(table.wait_returned(ask(ada), token, kDoNotWait));
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail, "[8192, 16384) is borrowed by worker (session 2, pid 1)");
}

TEST_F(TokenReturns, OfAnotherSessionsTokenAreStale) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  EXPECT_EQ(refusal(table.wait_returned(ask(ben), token, Time::max())).code, Errc::stale);
  EXPECT_EQ(refusal(table.wait_returned(ask(ben), 99, Time::max())).code, Errc::stale);
}

TEST_F(TokenReturns, AreNotWaitedForTwiceByOneRequest) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_borrow(ada, {0, 4}, token);
  const Asker waiting = must_wait_returned(ada, token);
  EXPECT_EQ(refusal(table.wait_returned(waiting, token, Time::max())).code, Errc::bad_request);
}

TEST_F(TokenReturns, TimeOutWithTheChildThatIsOut) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_freeze(ada, {4, 6}, token);
  const Asker waiting = must_wait_returned(ada, token, host.time + 7ms);
  EXPECT_EQ(table.next_deadline(), host.time + 7ms);
  pass(7ms);
  EXPECT_EQ(refusal(waiting).code, Errc::timed_out);
  EXPECT_EQ(refusal(waiting).detail,
            "[16384, 24576) is frozen by worker (session 1, pid 1), still after 7 ms");
}

TEST_F(TokenReturns, AreCancelled) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_freeze(ada, {4, 6}, token);
  const Asker waiting = must_wait_returned(ada, token);
  EXPECT_TRUE(table.cancel(waiting));
  must_release(child, ada);
  EXPECT_EQ(refusal(waiting).code, Errc::cancelled);
}

TEST_F(TokenReturns, OfARevokedTokenAreStale) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  must_lend_on(token, ada, ben, {4, 6});
  const Asker waiting = must_wait_returned(ada, token);
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_EQ(refusal(waiting).code, Errc::stale);
}

TEST_F(TokenReturns, AreNotHeldUpByThoseWhoWait) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_freeze(ada, {0, 8}, token);
  const Asker returned = must_wait_returned(ada, token);
  const Asker writer = must_wait(wish(ada, kBorrow, {{0, 8}}, token));
  must_release(child, ada);
  EXPECT_TRUE(is_granted(returned));
  EXPECT_TRUE(is_granted(writer));
}

TEST_F(TokenReturns, AreListedAmongThoseWhoWait) {
  must_borrow(ada, {0, 8});
  const Asker waiting = must_wait_returned(ben, kBrokersShare);
  const auto all = table.waiting(0, 10);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0]->for_return);
  EXPECT_EQ(all[0]->wish.asker, waiting);
  EXPECT_EQ(table.waiting(0, 99).size(), 1U);
}

}  // namespace
}  // namespace tenure::core
