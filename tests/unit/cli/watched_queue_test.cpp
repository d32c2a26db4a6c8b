// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watched_queue.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using What = QueueChange::What;

std::vector<QueueChange> changes(const SegmentInfo& before, const SegmentInfo& now) {
  std::vector<QueueChange> all;
  compare(before, now, [&](const QueueChange& change) { all.push_back(change); });
  return all;
}

SegmentInfo two_lanes() {
  SegmentInfo info;
  info.kind = Kind::queue;
  info.lanes = {{.depth = 3, .queued = 10, .popped = 7}, {}};
  return info;
}

TEST(WatchedQueue, TellsNothingWhereNothingMoved) {
  SegmentInfo now = two_lanes();
  now.users = 7;
  now.lanes[0].age = std::chrono::milliseconds(12);
  now.lanes[0].sleepers = 1;
  EXPECT_TRUE(changes(two_lanes(), now).empty());
}

TEST(WatchedQueue, TellsOfTheLaneThatMoved) {
  SegmentInfo now = two_lanes();
  now.lanes[1] = {.depth = 2, .taken = 1, .queued = 4, .redelivered = 1, .popped = 3};
  const auto all = changes(two_lanes(), now);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].what, What::lane);
  EXPECT_EQ(all[0].index, 1U);
  EXPECT_EQ(all[0].lane.depth, 2U);
  EXPECT_EQ(all[0].in, 4U);
  EXPECT_EQ(all[0].out, 3U);
  EXPECT_EQ(all[0].back, 1U);
}

TEST(WatchedQueue, TellsOfWhatCameAndWentAtTheSameDepth) {
  SegmentInfo now = two_lanes();
  now.lanes[0] = {.depth = 3, .queued = 15, .popped = 12};
  const auto all = changes(two_lanes(), now);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].in, 5U);
  EXPECT_EQ(all[0].out, 5U);
}

TEST(WatchedQueue, TellsOfTheParkedAndTheEnd) {
  SegmentInfo now = two_lanes();
  now.parked = 2;
  now.poisoned = 1;
  now.finished = true;
  const auto all = changes(two_lanes(), now);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].what, What::parked);
  EXPECT_EQ(all[0].parked, 2U);
  EXPECT_EQ(all[0].poisoned, 1U);
  EXPECT_EQ(all[1].what, What::finished);
  EXPECT_TRUE(changes(now, now).empty());
}

}  // namespace
}  // namespace tenure::cli
