// SPDX-License-Identifier: Apache-2.0
// Whether the next holder is let into a grain's memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daemon/core/tokens/grain_ledger.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kAlice = 1000;
constexpr std::uint32_t kBob = 2000;

class GrainLedgerTest : public ::testing::Test {
 protected:
  struct Memory : GrainMemory {
    GrainCheck check(std::uint64_t grain) override {
      ++asked;
      const auto found = answers.find(grain);
      return found == answers.end() ? GrainCheck::clean : found->second;
    }
    std::map<std::uint64_t, GrainCheck> answers;
    int asked = 0;
  };

  // Four grains of four pages.
  GrainLedger make(Handover handover = Handover::share) {
    GrainLedger ledger({.page_count = 16, .grain_pages = 4}, handover);
    ledger.set_memory(memory);
    return ledger;
  }
  Token token(const PageRange& pages, std::uint32_t uid = kAlice) {
    Token made;
    made.id = ++last_token;
    made.pages = pages;
    made.holder = {.session = static_cast<std::uint32_t>(last_token), .uid = uid};
    return made;
  }

  Memory memory;
  std::uint64_t last_token = 0;
};

TEST_F(GrainLedgerTest, NothingIsAskedOfMemoryThatNobodyCouldWrite) {
  GrainLedger ledger = make();
  const Token reader = token({0, 4});
  ledger.attach(reader, reader.pages, false);
  EXPECT_TRUE(ledger.end_writing(reader, reader.pages));
  EXPECT_EQ(memory.asked, 0);
}

TEST_F(GrainLedgerTest, LivingHolderThatCanStillWriteIsRefused) {
  GrainLedger ledger = make();
  const Token writer = token({0, 8});
  ledger.attach(writer, writer.pages, true);
  ledger.detach(writer);
  memory.answers[1] = GrainCheck::written;
  EXPECT_FALSE(ledger.end_writing(writer, writer.pages));
  EXPECT_THAT(ledger.to_move({0, 16}, kAlice), IsEmpty());
  memory.answers.clear();
  EXPECT_TRUE(ledger.end_writing(writer, writer.pages));
}

TEST_F(GrainLedgerTest, MemoryOfADeadHolderThatSomebodyStillWritesHasToMove) {
  GrainLedger ledger = make();
  const Token writer = token({0, 8});
  ledger.attach(writer, writer.pages, true);
  memory.answers[1] = GrainCheck::written;
  ledger.abandon_writing(writer, writer.pages);
  EXPECT_THAT(ledger.to_move({0, 16}, kBob), ElementsAre(1));
  const auto left = ledger.move(1);
  EXPECT_THAT(left.writers, ElementsAre(writer.holder.session));
  EXPECT_EQ(left.writer_uid, kAlice);
  EXPECT_THAT(ledger.to_move({0, 16}, kBob), IsEmpty());
}

// Its issuer, say, who lends it to the next.
TEST_F(GrainLedgerTest, NobodyIsBlamedForMemoryThatHasToMoveAnyway) {
  GrainLedger ledger = make();
  const Token dead = token({0, 4});
  ledger.attach(dead, dead.pages, true);
  memory.answers[0] = GrainCheck::written;
  ledger.abandon_writing(dead, dead.pages);
  EXPECT_TRUE(ledger.end_writing(token({0, 16}), {0, 4}));
}

TEST_F(GrainLedgerTest, WhereTheKernelDoesNotKnowEveryEndMovesTheMemory) {
  GrainLedger ledger = make();
  const Token writer = token({4, 8});
  ledger.attach(writer, writer.pages, true);
  ledger.detach(writer);
  memory.answers[1] = GrainCheck::unknown;
  EXPECT_TRUE(ledger.end_writing(writer, writer.pages));
  EXPECT_THAT(ledger.to_move({0, 16}, kAlice), ElementsAre(1));
}

TEST_F(GrainLedgerTest, WhileOthersWriteTheGrainNothingCanBeChecked) {
  GrainLedger ledger = make();
  const Token first = token({0, 2});
  const Token second = token({2, 4});
  ledger.attach(first, first.pages, true);
  ledger.attach(second, second.pages, true);
  ledger.detach(first);
  memory.answers[0] = GrainCheck::written;
  EXPECT_TRUE(ledger.end_writing(first, first.pages));
  EXPECT_EQ(memory.asked, 0);
  // The second is not blamed for what the first may have kept: its successor gets fresh memory.
  ledger.detach(second);
  EXPECT_TRUE(ledger.end_writing(second, second.pages));
  EXPECT_THAT(ledger.to_move({0, 4}, kAlice), ElementsAre(0));
}

TEST_F(GrainLedgerTest, CleanCheckForgetsWhatWasUnchecked) {
  GrainLedger ledger = make();
  const Token first = token({0, 2});
  const Token second = token({2, 4});
  ledger.attach(first, first.pages, true);
  ledger.attach(second, second.pages, true);
  ledger.detach(first);
  EXPECT_TRUE(ledger.end_writing(first, first.pages));
  ledger.detach(second);
  EXPECT_TRUE(ledger.end_writing(second, second.pages));
  const Token third = token({0, 4});
  ledger.attach(third, third.pages, true);
  ledger.detach(third);
  memory.answers[0] = GrainCheck::written;
  EXPECT_FALSE(ledger.end_writing(third, third.pages)) << "nobody else can have kept it";
}

TEST_F(GrainLedgerTest, AttachedIssuerThatLendsAWholeGrainIsChecked) {
  GrainLedger ledger = make();
  const Token issuer = token({0, 16});
  ledger.attach(issuer, issuer.pages, true);
  memory.answers[2] = GrainCheck::written;
  EXPECT_FALSE(ledger.end_writing(issuer, {8, 12}));
  memory.answers.clear();
  EXPECT_TRUE(ledger.end_writing(issuer, {8, 12}));
  EXPECT_FALSE(ledger.attached_to(2)) << "its pages were dropped";
  EXPECT_EQ(ledger.attached_to(1), issuer.id);
}

TEST_F(GrainLedgerTest, IsolatedGrainMovesWhenItPassesToAnotherUid) {
  GrainLedger ledger = make(Handover::isolate);
  const Token writer = token({0, 4}, kAlice);
  ledger.attach(writer, writer.pages, true);
  ledger.detach(writer);
  EXPECT_TRUE(ledger.end_writing(writer, writer.pages));
  EXPECT_THAT(ledger.to_move({0, 8}, kAlice), IsEmpty());
  EXPECT_THAT(ledger.to_move({0, 8}, kBob), ElementsAre(0));
  static_cast<void>(ledger.move(0));
  EXPECT_THAT(ledger.to_move({0, 8}, kBob), IsEmpty());
}

TEST_F(GrainLedgerTest, ReadersKeepAGrainWhereItIs) {
  GrainLedger ledger = make();
  const Token reader = token({0, 4});
  ledger.attach(reader, {0, 2}, false);
  EXPECT_EQ(ledger.attached_to(0), reader.id);
  ledger.detach(reader);
  EXPECT_FALSE(ledger.attached_to(0));
}

TEST_F(GrainLedgerTest, WhatIsLeftOfTheWholeNamesEverybodyWhoCouldWrite) {
  GrainLedger ledger = make();
  const Token first = token({0, 4}, kAlice);
  const Token second = token({4, 8}, kBob);
  ledger.attach(first, first.pages, true);
  ledger.attach(second, second.pages, true);
  const auto left = ledger.leave_all();
  EXPECT_THAT(left.writers, ElementsAre(first.holder.session, second.holder.session));
  EXPECT_EQ(left.writer_uid, kBob);
}

}  // namespace
}  // namespace tenure::core
