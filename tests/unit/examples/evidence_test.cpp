// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/evidence.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace digits {
namespace {

Kill undone(std::uint64_t held) {
  return {.held = held,
          .confirmed = true,
          .ending = {.exit_code = -1, .signal = SIGKILL},
          .reclaimed = std::chrono::milliseconds(1)};
}

Evidence all_went_well() {
  Evidence seen;
  seen.accuracy = 0.97;
  seen.judged_version = seen.published_versions = 142;
  seen.batches = {.loaded = 1410,
                  .pushed = 1410,
                  .passed_on = 1410,
                  .redelivered = 1,
                  .normalised = 1410,
                  .repeated = 1,
                  .trained = 1410};
  seen.attended = {
      .loaded_epochs = 30, .epochs = 30, .loaded_checksum = 1234567, .checksum = 1234567};
  seen.views = 130;
  seen.preprocessor = undone(6);
  seen.evaluator = undone(60);
  seen.versions_while_held = 15;
  seen.versions_after_kills = 70;
  seen.written_bytes = 17'600'000;
  seen.read_bytes = 22'400'000;
  seen.control_bytes = 12'000;
  seen.leftovers.memfds = 5;
  seen.leftovers.tenured = examples::Ending{.exit_code = 0, .signal = 0};
  return seen;
}

// What no longer holds once `spoil` has changed the evidence.
std::string untrue_after(const std::function<void(Evidence&)>& spoil) {
  Evidence seen = all_went_well();
  spoil(seen);
  std::string subjects;
  for (const Finding& finding : findings(seen)) {
    subjects += finding.holds ? "" : finding.subject + ";";
  }
  return subjects;
}

TEST(Evidence, HoldsWhereAllWentWell) {
  EXPECT_EQ(untrue_after([](Evidence&) {}), "");
}

TEST(Evidence, NamesAnAccuracyThatIsTooLow) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.accuracy = 0.949; }), "accuracy;");
}

TEST(Evidence, NamesAnAccuracyOfOldWeights) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.judged_version = 141; }), "accuracy;");
}

TEST(Evidence, NamesABatchThatWasNotTrainedOn) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.trained = 1409; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.pushed = 1411; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.passed_on = 1409; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.normalised = 1409; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.loaded = 1411; }), "batches;");
}

TEST(Evidence, NamesARunWithoutBatches) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches = {.redelivered = 1, .repeated = 1}; }),
            "batches;");
}

TEST(Evidence, NamesASampleThatWasNotTrainedOnOnce) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.attended.missing = 1; }), "every sample;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.attended.twice = 1; }), "every sample;");
}

TEST(Evidence, NamesAnEpochThatWasNotTrainedOn) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.attended.epochs = 29; }), "every sample;");
  EXPECT_EQ(
      untrue_after([](Evidence& seen) { seen.attended.epochs = seen.attended.loaded_epochs = 0; }),
      "every sample;");
}

TEST(Evidence, NamesInputsThatAreNotNormalised) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.attended.wrong = 1; }), "every sample;");
}

TEST(Evidence, NamesOtherSamplesThanWereLoaded) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.attended.checksum = 7654321; }),
            "every sample;");
}

TEST(Evidence, NamesATornView) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.torn = 1; }), "weights;");
}

TEST(Evidence, NamesAKillThatWasNotInTheMiddle) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.evaluator.confirmed = false; }),
            "killed evaluator;");
  EXPECT_EQ(
      untrue_after([](Evidence& seen) { seen.evaluator.ending = {.exit_code = 0, .signal = 0}; }),
      "killed evaluator;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.preprocessor.confirmed = false; }),
            "killed preprocessor;");
  EXPECT_EQ(untrue_after(
                [](Evidence& seen) { seen.preprocessor.ending = {.exit_code = 0, .signal = 0}; }),
            "killed preprocessor;");
}

TEST(Evidence, NamesAKillThatDidNotHappen) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.evaluator = {}; }), "killed evaluator;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.preprocessor = {}; }), "killed preprocessor;");
}

TEST(Evidence, NamesASlotThatStaysHeld) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.evaluator.reclaimed.reset(); }),
            "killed evaluator;");
}

TEST(Evidence, NamesABatchThatIsNotDeliveredAgain) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.preprocessor.reclaimed.reset(); }),
            "killed preprocessor;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.redelivered = 0; }),
            "killed preprocessor;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.batches.repeated = 0; }),
            "killed preprocessor;");
}

TEST(Evidence, NamesATrainingThatStopped) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.versions_while_held = 0; }),
            "training went on;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.versions_after_kills = 0; }),
            "training went on;");
}

TEST(Evidence, NamesMemoryThatNobodyUsed) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.written_bytes = 0; }), "shared memory;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.read_bytes = 0; }), "shared memory;");
}

TEST(Evidence, NamesTensorsOnTheSocket) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.control_bytes = 5'600'000; }), "socket;");
}

TEST(Evidence, NamesABrokerThatCountsNothing) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.control_bytes = 0; }), "socket;");
}

TEST(Evidence, NamesWhatIsLeftOver) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.a_child = true; }), "left over;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.the_directory = true; }),
            "left over;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.in_the_directory = "control.sock"; }),
            "left over;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.places = {"/proc/1/fd/3"}; }),
            "left over;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.tenured.reset(); }), "left over;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.tenured->exit_code = 1; }),
            "left over;");
}

TEST(Evidence, DoesNotClaimThatMemoryItNeverSawIsGone) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.leftovers.memfds = 0; }), "left over;");
}

}  // namespace
}  // namespace digits
