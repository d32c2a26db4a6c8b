// SPDX-License-Identifier: Apache-2.0
// Tokens of the dead that stay: their issuer would get the rest of grains of which another uid
// still has a part.
#include "tests/unit/daemon/token_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

/// ada lent two grains to eve, of another uid, who lent a half of each on to fay, and died.
class TokenOrphans : public TokenTest {
 protected:
  void SetUp() override {
    must_attach(orphan, eve);
    table.end_session(eve.session);
    ASSERT_NE(table.find_any(orphan), nullptr);
  }

  const std::uint64_t top = must_borrow(ada, {0, 12});
  const std::uint64_t orphan = must_lend_on(top, ada, eve, {0, 8});
  const std::uint64_t part = must_lend_on(orphan, eve, fay, {0, 2});
  const std::uint64_t other_part = must_lend_on(orphan, eve, fay, {4, 6});
};

TEST_F(TokenOrphans, StayWhileAnotherUidHasAPartOfTheirGrains) {
  EXPECT_TRUE(held(orphan).is_orphan);
  EXPECT_FALSE(held(orphan).is_attached);
  EXPECT_EQ(held(part).issuer, orphan);
  EXPECT_EQ(rights(top), "[8,12) write");
  EXPECT_EQ(rights(part), "[0,2) write");
}

TEST_F(TokenOrphans, AreStaleToEverybody) {
  EXPECT_EQ(refusal(table.find(orphan, eve.session)).code, Errc::stale);
  EXPECT_EQ(refusal(table.release(orphan, eve.session)).code, Errc::stale);
}

TEST_F(TokenOrphans, KeepTheirPagesAndSayWhy) {
  const Error error = refusal(table.lend(wish(ada, kBorrow, {{2, 4}}, top)));
  EXPECT_EQ(error.code, Errc::held);
  EXPECT_EQ(error.detail,
            "[8192, 16384) was borrowed by a process that died; others still have parts of its "
            "grains");
  EXPECT_EQ(refusal(table.release(top, ada.session)).code, Errc::has_children);
}

TEST_F(TokenOrphans, EndWithTheLastOfTheirChildren) {
  const Asker waiting = must_wait(wish(ada, kBorrow, {{0, 8}}, top));
  must_release(part, fay);
  EXPECT_NE(table.find_any(orphan), nullptr);
  EXPECT_TRUE(is_waiting(waiting));
  must_release(other_part, fay);
  EXPECT_EQ(table.find_any(orphan), nullptr);
  EXPECT_TRUE(is_granted(waiting));
  EXPECT_EQ(host.charged[eve.uid], 0U);
  EXPECT_EQ(rights(top), "[8,12) write");
}

TEST_F(TokenOrphans, EndWithTheDeathOfTheLastOfTheirChildren) {
  table.end_session(fay.session);
  EXPECT_EQ(table.find_any(orphan), nullptr);
  EXPECT_EQ(rights(top), "[0,12) write");
}

TEST_F(TokenOrphans, ArePoisonedLikeAllThatTheDeadCouldWrite) {
  table.end_session(fay.session);
  EXPECT_FALSE(is_poisoned(must_borrow(ada, {0, 2}, top)));
  EXPECT_TRUE(is_poisoned(must_borrow(ada, {2, 4}, top)));
  EXPECT_FALSE(is_poisoned(must_borrow(ada, {4, 6}, top)));
  EXPECT_TRUE(is_poisoned(must_borrow(ada, {6, 8}, top)));
  EXPECT_THAT(host.abandoned,
              ElementsAre(Pair(orphan, PageRange{2, 4}),
                          Pair(orphan, PageRange{6, 8}),
                          Pair(part, PageRange{0, 2}),
                          Pair(other_part, PageRange{4, 6})));
}

TEST_F(TokenOrphans, AreLeftAloneByARevoke) {
  EXPECT_TRUE(table.revoke(orphan).has_value());
  EXPECT_NE(table.find_any(orphan), nullptr);
  EXPECT_THAT(host.abandoned, SizeIs(2)) << "at its death";
}

TEST_F(TokenOrphans, AreNotBuriedTwice) {
  table.end_session(eve.session);
  EXPECT_THAT(host.abandoned, SizeIs(2));
  EXPECT_NE(table.find_any(orphan), nullptr);
}

class TokenNoOrphans : public TokenTest {};

TEST_F(TokenNoOrphans, WholeGrainsOfAnotherUidNeedNoOrphan) {
  const std::uint64_t top = must_borrow(ada, {0, 12});
  const std::uint64_t middle = must_lend_on(top, ada, eve, {0, 8});
  const std::uint64_t child = must_lend_on(middle, eve, fay, {0, 4});
  table.end_session(eve.session);
  EXPECT_EQ(table.find_any(middle), nullptr);
  EXPECT_EQ(held(child).issuer, top);
}

TEST_F(TokenNoOrphans, BrokersShareNeedsNoOrphan) {
  const std::uint64_t middle = must_borrow(eve, {0, 8});
  const std::uint64_t child = must_lend_on(middle, eve, fay, {0, 2});
  table.end_session(eve.session);
  EXPECT_EQ(table.find_any(middle), nullptr);
  EXPECT_EQ(held(child).issuer, kBrokersShare);
  EXPECT_EQ(refusal(table.lend(wish(ada, kBorrow, {{2, 4}}))).code, Errc::needs_grain);
}

TEST_F(TokenNoOrphans, FrozenGrainsNeedNoOrphan) {
  const std::uint64_t top = must_freeze(ada, {0, 8});
  const std::uint64_t middle = must_hand_over(must_freeze(ada, {0, 8}, top), ada, eve);
  const std::uint64_t child = must_freeze(eve, {0, 2}, middle);
  must_hand_over(child, eve, fay);
  table.end_session(eve.session);
  EXPECT_EQ(table.find_any(middle), nullptr);
}

}  // namespace
}  // namespace tenure::core
