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

Evidence all_went_well() {
  Evidence seen;
  seen.accuracy = 0.97;
  seen.judged_version = seen.published_versions = 141;
  seen.loaded_batches = seen.published_batches = seen.trained_batches = 1410;
  seen.versions_after_kill = 70;
  seen.views = 130;
  seen.published_bytes = 5'600'000;
  seen.viewed_bytes = 5'400'000;
  seen.control_bytes = 12'000;
  seen.kill = {.version = 60,
               .behind = 5,
               .held = true,
               .ending = {.exit_code = -1, .signal = SIGKILL},
               .reclaimed = std::chrono::milliseconds(1)};
  seen.leftovers.memfds = 6;
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
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.judged_version = 140; }), "accuracy;");
}

TEST(Evidence, NamesABatchThatWasNotTrainedOn) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.trained_batches = 1409; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.published_batches = 1411; }), "batches;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.missed_batches = 1; }), "batches;");
}

TEST(Evidence, NamesATornView) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.torn = 1; }), "weights;");
}

TEST(Evidence, NamesAKillThatWasNotInTheMiddle) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.kill.held = false; }), "killed evaluator;");
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.kill.ending = {.exit_code = 0, .signal = 0}; }),
            "killed evaluator;");
}

TEST(Evidence, NamesASlotThatStaysHeld) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.kill.reclaimed.reset(); }), "killed evaluator;");
}

TEST(Evidence, NamesATrainingThatStopped) {
  EXPECT_EQ(untrue_after([](Evidence& seen) { seen.versions_after_kill = 0; }),
            "training went on;");
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
