// SPDX-License-Identifier: Apache-2.0
// Tokens that are released, or taken away.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class TokenEndings : public TokenTest {};

// ---- release

TEST_F(TokenEndings, ReleaseGivesTheAccessBackToTheIssuer) {
  const std::uint64_t issuer = must_borrow(ada, {0, 8});
  const std::uint64_t borrow = must_lend_on(issuer, ada, ben, {0, 4});
  const std::uint64_t freeze = must_freeze(ada, {4, 8}, issuer);
  EXPECT_EQ(rights(issuer), "[4,8) read");
  must_release(borrow, ben);
  EXPECT_EQ(rights(issuer), "[0,4) write, [4,8) read");
  must_release(freeze, ada);
  EXPECT_EQ(rights(issuer), "[0,8) write");
}

TEST_F(TokenEndings, ReleaseToTheBrokerLetsOthersIn) {
  must_release(must_borrow(ada, {0, 4}), ada);
  must_borrow(ben, {0, 4});
}

TEST_F(TokenEndings, ReleasedTokenIsStale) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_release(token, ada);
  const Error error = refusal(table.release(token, ada.session));
  EXPECT_EQ(error.code, Errc::stale);
  EXPECT_EQ(error.detail, "no token 1 in this session");
  EXPECT_EQ(refusal(table.attach(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.transfer(token, ada.session, {})).code, Errc::stale);
}

TEST_F(TokenEndings, TokensOfOthersAndTheBrokersShareAreNotReleased) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  EXPECT_EQ(refusal(table.release(token, ben.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.release(kBrokersShare, 0)).code, Errc::stale);
  EXPECT_EQ(rights(token), "[0,4) write");
}

TEST_F(TokenEndings, AttachedTokenIsNotReleased) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  const Error error = refusal(table.release(token, ada.session));
  EXPECT_EQ(error.code, Errc::attached);
  EXPECT_EQ(error.detail, "[0, 16384) is attached");
  EXPECT_EQ(error.hint, "detach it first");
  ASSERT_TRUE(table.detach(token, ada.session).has_value());
  must_release(token, ada);
}

TEST_F(TokenEndings, TokenWithChildrenIsNotReleased) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t freeze = must_freeze(ada, {1, 2}, token);
  const std::uint64_t borrow = must_lend_on(token, ada, ben, {4, 6});
  const Error error = refusal(table.release(token, ada.session));
  EXPECT_EQ(error.code, Errc::has_children);
  EXPECT_EQ(error.detail, "[4096, 8192) is frozen by worker (session 1, pid 1)");
  EXPECT_EQ(error.hint, "it has to come back first");
  must_release(freeze, ada);
  EXPECT_EQ(refusal(table.release(token, ada.session)).detail,
            "[16384, 24576) is borrowed by worker (session 2, pid 1)");
  must_release(borrow, ben);
  must_release(token, ada);
}

TEST_F(TokenEndings, BorrowWhoseMemoryHasAWriterIsKept) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  host.mapped = {3, 4};
  const Error error = refusal(table.release(token, ada.session));
  EXPECT_EQ(error.code, Errc::still_mapped);
  EXPECT_EQ(error.detail,
            "this process, a child of it, or one that it sent the file descriptor to can still "
            "write [0, 16384)");
  EXPECT_TRUE(is_waiting(waiting));
  EXPECT_EQ(rights(token), "[0,4) write");
  host.mapped = {};
  must_release(token, ada);
  EXPECT_TRUE(is_granted(waiting));
}

TEST_F(TokenEndings, FreezeIsReleasedWithoutAWriterCheck) {
  host.mapped = {0, 4};
  must_release(must_freeze(ada, {0, 4}), ada);
  EXPECT_EQ(host.refusals, 0U);
}

// ---- revoke

TEST_F(TokenEndings, RevokedTokenIsStaleToItsHolder) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_EQ(refusal(table.detach(token, ada.session)).code, Errc::stale);
  EXPECT_EQ(table.token_count(), 0U);
  EXPECT_EQ(host.charged[ada.uid], 0U);
}

TEST_F(TokenEndings, RevokedBorrowIsFencedAndComesBackPoisoned) {
  const std::uint64_t token = must_borrow(ada, {0, 4});
  must_attach(token, ada);
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_THAT(host.abandoned, ElementsAre(Pair(token, PageRange{0, 4})));
  EXPECT_EQ(refusal(table.lend(wish(ben, kFreeze, {{0, 4}}))).code, Errc::poisoned);
}

TEST_F(TokenEndings, RevokedFreezeIsReleased) {
  const std::uint64_t token = must_freeze(ada, {0, 4});
  must_attach(token, ada);
  const Asker waiting = must_wait(wish(ben, kBorrow, {{0, 4}}));
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_THAT(host.abandoned, IsEmpty());
  ASSERT_TRUE(is_granted(waiting));
  must_attach(granted(waiting).at(0), ben);
}

TEST_F(TokenEndings, ChildrenOfARevokedTokenLiveOn) {
  const std::uint64_t token = must_borrow(ada, {0, 8});
  const std::uint64_t child = must_lend_on(token, ada, ben, {0, 4});
  ASSERT_TRUE(table.revoke(token).has_value());
  EXPECT_EQ(rights(child), "[0,4) write");
  EXPECT_EQ(held(child).issuer, kBrokersShare);
}

TEST_F(TokenEndings, OnlyATokenIsRevoked) {
  EXPECT_EQ(refusal(table.revoke(kBrokersShare)).code, Errc::stale);
  EXPECT_EQ(refusal(table.revoke(99)).code, Errc::stale);
}

}  // namespace
}  // namespace tenure::core
