// SPDX-License-Identifier: Apache-2.0
#include "proto/sync/queue_status.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/test_queue.hpp"

namespace tenure::test {
namespace {

using sync::HolderStatus;
using sync::QueueStatus;
using sync::Taken;

constexpr std::uint16_t kProducer = 7;
constexpr std::uint16_t kConsumer = 8;

class QueueStatusTest : public testing::Test {
 protected:
  [[nodiscard]] QueueStatus status() const {
    return sync::read_queue_status<FatedAtomics>(queue_.get());
  }
  void push(std::size_t lane, std::uint64_t now_ns) {
    ASSERT_EQ(producer_.push(producer_.try_claim().held, lane, now_ns), sync::Outcome::done);
  }

  TestQueue queue_{{.slots = 8, .lanes = 2}, 0};  // Sums are positions: they begin at 0.
  Producer producer_ = queue_.producer(kProducer);
  Consumer consumer_ = queue_.consumer(kConsumer);
};

TEST_F(QueueStatusTest, FreshQueueIsFree) {
  EXPECT_EQ(status().free, 8U);
  EXPECT_EQ(status().acked, 0U);
  EXPECT_EQ(status().ended, 0U);
  ASSERT_EQ(status().lanes.size(), 2U);
  EXPECT_EQ(status().lanes[0].depth, 0U);
  EXPECT_EQ(status().lanes[0].oldest_ns, 0U);
  EXPECT_TRUE(status().holders.empty());
}

TEST_F(QueueStatusTest, CountsByLane) {
  push(0, 100);
  push(0, 90);
  push(1, 80);
  EXPECT_EQ(status().lanes[0].depth, 2U);
  EXPECT_EQ(status().lanes[0].queued, 2U);
  EXPECT_EQ(status().lanes[0].oldest_ns, 90U);
  EXPECT_EQ(status().lanes[1].oldest_ns, 80U);
  ASSERT_EQ(consumer_.nack(consumer_.pop(0).held), sync::Outcome::done);
  EXPECT_EQ(status().lanes[0].depth, 2U);
  EXPECT_EQ(status().lanes[0].again, 1U);
  EXPECT_EQ(status().lanes[0].redelivered, 1U);
  EXPECT_EQ(status().lanes[0].popped, 1U);
  ASSERT_EQ(consumer_.pass_on(consumer_.pop(0).held, 1), sync::Outcome::done);
  EXPECT_EQ(status().lanes[0].depth, 1U);
  EXPECT_EQ(status().lanes[1].depth, 2U);
  EXPECT_EQ(status().lanes[1].queued, 2U);
}

TEST_F(QueueStatusTest, CountsWhatEachHolds) {
  push(0, 1);
  push(0, 1);
  push(1, 1);
  ASSERT_EQ(producer_.try_claim().outcome, sync::Outcome::done);
  Taken item = consumer_.pop(0);
  consumer_.mark_changing(item.held);
  ASSERT_EQ(consumer_.pop(1).outcome, sync::Outcome::done);
  Consumer other = queue_.consumer(3);
  ASSERT_EQ(other.park(other.pop(0).held), sync::Outcome::done);
  EXPECT_EQ(status().parked, 1U);
  ASSERT_EQ(other.pop_parked().outcome, sync::Outcome::done);
  EXPECT_EQ(status().parked, 0U);
  EXPECT_EQ(
      status().holders,
      (std::vector<HolderStatus>{{.owner = 3, .filling = 0, .taken = 0, .examined = 1},
                                 {.owner = kProducer, .filling = 1, .taken = 0, .examined = 0},
                                 {.owner = kConsumer, .filling = 0, .taken = 2, .examined = 0}}));
  EXPECT_EQ(status().lanes[0].taken, 1U);
  EXPECT_EQ(status().lanes[1].taken, 1U);
}

TEST_F(QueueStatusTest, AcksAreNeitherCancelledNorDiscarded) {
  for (int i = 0; i < 5; ++i) {
    push(0, 1);
  }
  ASSERT_EQ(consumer_.ack(consumer_.pop(0).held), sync::Outcome::done);
  ASSERT_EQ(producer_.cancel(producer_.try_claim().held), sync::Outcome::done);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(consumer_.park(consumer_.pop(0).held), sync::Outcome::done);
  }
  ASSERT_EQ(producer_.cancel(producer_.claim_oldest(0).held), sync::Outcome::done);
  EXPECT_EQ(status().acked, 1U);
  EXPECT_EQ(status().cancelled, 2U);
  EXPECT_EQ(status().discarded, 1U);
  EXPECT_EQ(status().dropped, 1U);
  EXPECT_EQ(status().parked, 2U);
}

TEST_F(QueueStatusTest, CountsHowOftenAnythingWasSetAside) {
  push(0, 1);
  push(0, 1);
  ASSERT_EQ(consumer_.park(consumer_.pop(0).held), sync::Outcome::done);
  Taken item = consumer_.pop(0);
  consumer_.mark_changing(item.held);
  static_cast<void>(queue_.repair({kConsumer}));
  EXPECT_EQ(status().set_aside, 2U);
  ASSERT_EQ(consumer_.nack(consumer_.pop_parked().held), sync::Outcome::done);
  ASSERT_EQ(consumer_.park(consumer_.pop(0).held), sync::Outcome::done);
  EXPECT_EQ(status().set_aside, 3U);
}

TEST_F(QueueStatusTest, CountsWhoWaits) {
  auto& line = queue_.get().wait(layout::lane_ring(1));
  static_cast<void>(sync::count_on<FatedAtomics>(line, sync::WaitKind::sleeper));
  static_cast<void>(sync::count_on<FatedAtomics>(line, sync::WaitKind::poller));
  push(1, 1);
  EXPECT_EQ(status().lanes[1].sleepers, 1U);
  EXPECT_EQ(status().lanes[1].pollers, 1U);
  EXPECT_EQ(status().lanes[1].wakes, 1U);
  producer_.finish();
  EXPECT_EQ(status().ended, 1U);
}

}  // namespace
}  // namespace tenure::test
