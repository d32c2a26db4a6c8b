// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/queue_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "proto/os/kernel.hpp"
#include "proto/sync/queue_consumer.hpp"
#include "proto/sync/queue_producer.hpp"
#include "tests/support/child.hpp"

namespace tenure::shm {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using sync::Outcome;
using wire::OpenAs;

constexpr std::uint16_t kProducer = 1;
constexpr std::uint16_t kConsumer = 2;

QueueSpec small_spec() {
  return {.name = "q",
          .segment_id = 7,
          .rules = {.slots = 4, .lanes = 2, .max_deliveries = 2},
          .slot_stride_bytes = 4096,
          .head_bytes = 8192,
          .data_bytes = 4 * std::uint64_t{4096},
          .tensor_count = 1,
          .attribute_bytes = 256,
          .pages = Pages::small};
}

// The memory, and how one who takes part sees it.
class QueueMemoryTest : public ::testing::Test {
 protected:
  QueueMemoryTest() : QueueMemoryTest(small_spec()) {}
  explicit QueueMemoryTest(const QueueSpec& spec)
      : memory(QueueMemory::make(spec).value()),
        head_map(map_head()),
        queue(head_map.data(), spec.rules, layout::plan_queue(spec.rules).value()) {}

  os::Mapping map_head() {
    const auto parts = memory->grant(OpenAs::produce).value();
    return os::Mapping::map(
               parts.front().fd->get(), 0, memory->spec().head_bytes, os::Protection::read_write)
        .value();
  }
  [[nodiscard]] const layout::QueueConstants& constants() const {
    return reinterpret_cast<const layout::QueueHead*>(head_map.data())->constants;
  }
  void push(std::size_t lane, std::uint64_t now_ns = 1) {
    ASSERT_EQ(producer.push(producer.try_claim().held, lane, now_ns), Outcome::done);
  }
  [[nodiscard]] layout::QueuePhase phase(std::size_t slot) const {
    return layout::QueueWord::unpack(queue.slot(slot).word.load(std::memory_order_acquire)).phase;
  }
  SegmentInfo described(std::chrono::nanoseconds now = 0ns) const {
    SegmentInfo info;
    memory->describe(info, now);
    return info;
  }

  std::shared_ptr<QueueMemory> memory;
  os::Mapping head_map;
  sync::StdAtomics::Queue queue;
  sync::QueueProducer<> producer{queue, kProducer};
  sync::QueueConsumer<> consumer{queue, kConsumer};
};

class RepeatableQueueMemoryTest : public QueueMemoryTest {
 protected:
  RepeatableQueueMemoryTest() : QueueMemoryTest(spec()) {}
  static QueueSpec spec() {
    QueueSpec spec = small_spec();
    spec.consume = Consume::repeatable;
    spec.when_full = WhenFull::drop_oldest;
    spec.rules.is_repeatable = true;
    return spec;
  }
};

TEST_F(QueueMemoryTest, ConstantsSayWhatItIs) {
  EXPECT_EQ(constants().magic.load(std::memory_order_acquire), layout::kMagic);
  EXPECT_EQ(constants().layout_version, layout::kLayoutVersion);
  EXPECT_EQ(constants().kind, 1U);
  EXPECT_EQ(constants().page_bytes, os::page_bytes());
  EXPECT_EQ(constants().segment_id, 7U);
  EXPECT_EQ(constants().incarnation, 1U);
  EXPECT_EQ(constants().slot_count, 4U);
  EXPECT_EQ(constants().lane_count, 2U);
  EXPECT_EQ(constants().slot_stride_bytes, 4096U);
  EXPECT_GT(constants().created_ns, 0);
  EXPECT_EQ(constants().ring_cells, 8U);
  EXPECT_EQ(constants().max_deliveries, 2U);
  EXPECT_EQ(constants().tensor_count, 1U);
  EXPECT_EQ(constants().attribute_bytes, 256U);
  EXPECT_EQ(constants().when_full, 0U);
  EXPECT_EQ(constants().consume, 0U);
}

TEST_F(RepeatableQueueMemoryTest, ConstantsNameWhatConsumersMayDo) {
  EXPECT_EQ(constants().when_full, 1U);
  EXPECT_EQ(constants().consume, 2U);
}

TEST_F(QueueMemoryTest, StartsWithEverySlotFree) {
  EXPECT_EQ(described().slots_held, 0U);
  EXPECT_THAT(described().lanes, SizeIs(2));
  EXPECT_EQ(described().age, std::nullopt);
  EXPECT_FALSE(described().finished);
  push(0);
  push(1);
  EXPECT_EQ(described().slots_held, 2U);
}

TEST_F(QueueMemoryTest, EverybodyWritesTheHeadAndProducersTheData) {
  const auto rights = [&](OpenAs as) {
    std::vector<wire::Right> granted;
    const auto parts = memory->grant(as).value();
    for (const Part& part : parts) {
      granted.push_back(part.right);
    }
    EXPECT_EQ(parts.front().memory, wire::Memory::head);
    EXPECT_EQ(parts.back().memory, wire::Memory::data);
    EXPECT_EQ(parts.back().length_bytes, 4 * std::uint64_t{4096});
    return granted;
  };
  EXPECT_THAT(rights(OpenAs::produce), ElementsAre(wire::Right::write, wire::Right::write));
  EXPECT_THAT(rights(OpenAs::consume), ElementsAre(wire::Right::write, wire::Right::read));
}

TEST_F(QueueMemoryTest, ReadOnlyDataIsSharedAndCannotBeMappedForWriting) {
  const auto one = memory->grant(OpenAs::consume).value();
  const auto two = memory->grant(OpenAs::consume).value();
  EXPECT_EQ(one.back().fd, two.back().fd);
  EXPECT_NE(one.front().fd, two.front().fd) << "a writable one is the client's alone";
  EXPECT_FALSE(
      os::Mapping::map(one.back().fd->get(), 0, 4096, os::Protection::read_write).has_value());
}

TEST_F(RepeatableQueueMemoryTest, ConsumersWriteTheDataWhereTheyMayChangeIt) {
  const auto parts = memory->grant(OpenAs::consume).value();
  EXPECT_EQ(parts.back().right, wire::Right::write);
  EXPECT_TRUE(
      os::Mapping::map(parts.back().fd->get(), 0, 4096, os::Protection::read_write).has_value());
}

TEST_F(QueueMemoryTest, RepairMovesOnWhatAnOwnerHadAndNothingElse) {
  push(0);
  ASSERT_EQ(producer.try_claim().outcome, Outcome::done);
  ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
  const auto done = memory->repair({kProducer});
  EXPECT_EQ(done.freed, 1U);
  EXPECT_EQ(done.again, 0U);
  EXPECT_EQ(described().lanes[0].taken, 1U) << "the consumer goes on";
  EXPECT_EQ(described().slots_held, 1U);
}

TEST_F(QueueMemoryTest, RepairForSeveralIsOne) {
  push(0);
  push(1);
  ASSERT_EQ(producer.try_claim().outcome, Outcome::done);
  ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
  sync::QueueConsumer<> other(queue, 9);
  ASSERT_EQ(other.pop(1).outcome, Outcome::done);
  const std::uint32_t bell = queue.wait(layout::lane_ring(1)).bell.load(std::memory_order_acquire);
  const auto done = memory->repair({9, kProducer, kConsumer});
  EXPECT_EQ(done.freed, 1U);
  EXPECT_EQ(done.again, 2U);
  EXPECT_FALSE(done.is_corrupt);
  EXPECT_EQ(described().lanes[1].again, 1U);
  EXPECT_EQ(queue.wait(layout::lane_ring(1)).bell.load(std::memory_order_acquire), bell + 1)
      << "everybody is woken once";
  EXPECT_EQ(memory->repair({9, kProducer, kConsumer}), sync::QueueRepairs{}) << "all was done";
}

TEST_F(QueueMemoryTest, HalfChangedIsPoisonedAndTooOftenDeliveredIsParked) {
  push(0);
  push(0);
  sync::Taken item = consumer.pop(0);
  consumer.mark_changing(item.held);
  EXPECT_EQ(memory->repair({kConsumer}).poisoned, 1U);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
    EXPECT_EQ(memory->repair({kConsumer}).parked, i == 0 ? 0U : 1U) << "at the second delivery";
  }
  EXPECT_EQ(described().parked, 1U) << "at most one of four slots: the poisoned one is freed";
  EXPECT_EQ(memory->stat().parked, 2U);
  EXPECT_EQ(memory->stat().discarded, 1U);
}

TEST_F(RepeatableQueueMemoryTest, HalfChangedIsDeliveredAgainWhereThatIsAllowed) {
  push(0);
  sync::Taken item = consumer.pop(0);
  consumer.mark_changing(item.held);
  EXPECT_EQ(memory->repair({kConsumer}).again, 1U);
}

TEST_F(QueueMemoryTest, RubbishOfALiarIsRepairedAndNeverFollowed) {
  for (std::size_t slot = 0; slot < 4; ++slot) {
    queue.slot(slot).word.store(~std::uint64_t{0}, std::memory_order_relaxed);
  }
  for (std::uint64_t cell = 0; cell < 8; ++cell) {
    queue.cell(layout::kFreeRing, cell).store(~std::uint64_t{0}, std::memory_order_relaxed);
  }
  queue.ring(layout::kFreeRing).tail.store(12345, std::memory_order_relaxed);
  EXPECT_TRUE(memory->repair({0xffff}).is_corrupt);
  static_cast<void>(described());
  static_cast<void>(memory->stat());
  static_cast<void>(memory->holders());
}

TEST_F(QueueMemoryTest, DescriptionCountsByLane) {
  push(0, 2'000'000'000);
  push(0, 3'000'000'000);
  push(1, 1'000'000'000);
  ASSERT_EQ(consumer.nack(consumer.pop(0).held), Outcome::done);
  ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
  const SegmentInfo info = described(5s);
  ASSERT_THAT(info.lanes, SizeIs(2));
  EXPECT_EQ(info.lanes[0].depth, 1U);
  EXPECT_EQ(info.lanes[0].again, 0U);
  EXPECT_EQ(info.lanes[0].taken, 1U);
  EXPECT_EQ(info.lanes[0].queued, 2U);
  EXPECT_EQ(info.lanes[0].redelivered, 1U);
  EXPECT_EQ(info.lanes[0].popped, 2U);
  EXPECT_EQ(info.lanes[0].age, 2000ms);
  EXPECT_EQ(info.lanes[1].age, 4000ms);
  EXPECT_EQ(info.age, 4000ms) << "of the oldest";
  EXPECT_EQ(info.slots_held, 3U);
  EXPECT_EQ(info.version, 0U);
  producer.finish();
  EXPECT_TRUE(described().finished);
}

TEST_F(QueueMemoryTest, StampOfTheFutureIsNoAge) {
  push(0, ~std::uint64_t{0});
  EXPECT_EQ(described(5s).age, 0ms);
}

TEST_F(QueueMemoryTest, ParkedAndPoisonedAreCounted) {
  QueueSpec spec = small_spec();
  spec.rules = {.slots = 16, .lanes = 1};
  spec.data_bytes *= 4;
  const auto larger = QueueMemory::make(spec).value();
  const auto parts = larger->grant(OpenAs::produce).value();
  const auto mapping =
      os::Mapping::map(parts.front().fd->get(), 0, 8192, os::Protection::read_write).value();
  const sync::StdAtomics::Queue of_larger(
      mapping.data(), spec.rules, layout::plan_queue(spec.rules).value());
  sync::QueueProducer<> filler(of_larger, kProducer);
  sync::QueueConsumer<> worker(of_larger, kConsumer);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(filler.push(filler.try_claim().held, 0, 1), Outcome::done);
  }
  ASSERT_EQ(worker.park(worker.pop(0).held), Outcome::done);
  sync::Taken item = worker.pop(0);
  worker.mark_changing(item.held);
  EXPECT_EQ(larger->repair({kConsumer}).poisoned, 1U);
  SegmentInfo info;
  larger->describe(info, 0ns);
  EXPECT_EQ(info.parked, 2U) << "poisoned ones included";
  EXPECT_EQ(info.poisoned, 1U);
}

TEST_F(QueueMemoryTest, HoldersAreByOwner) {
  push(0);
  ASSERT_EQ(producer.try_claim().outcome, Outcome::done);
  ASSERT_EQ(consumer.pop(0).outcome, Outcome::done);
  EXPECT_THAT(memory->holders(),
              ElementsAre(sync::HolderStatus{.owner = kProducer, .filling = 1},
                          sync::HolderStatus{.owner = kConsumer, .taken = 1}));
}

TEST_F(QueueMemoryTest, SumsAreOfAllLanes) {
  push(0);
  push(1);
  ASSERT_EQ(consumer.ack(consumer.pop(0).held), Outcome::done);
  ASSERT_EQ(consumer.nack(consumer.pop(1).held), Outcome::done);
  ASSERT_EQ(producer.cancel(producer.try_claim().held), Outcome::done);
  push(0);
  ASSERT_EQ(producer.claim_oldest(0).outcome, Outcome::done);
  for (const std::size_t lane : {0U, 1U}) {
    queue.wait(layout::lane_ring(lane)).wakes.store(lane + 2, std::memory_order_relaxed);
  }
  const SegmentStat stat = memory->stat();
  EXPECT_EQ(stat.published, 0U);
  EXPECT_EQ(stat.queued, 3U);
  EXPECT_EQ(stat.taken, 3U);
  EXPECT_EQ(stat.redelivered, 1U);
  EXPECT_EQ(stat.acked, 1U);
  EXPECT_EQ(stat.cancelled, 1U);
  EXPECT_EQ(stat.dropped, 1U);
  EXPECT_EQ(stat.parked, 0U);
  EXPECT_EQ(stat.wakes, 5U);
}

TEST_F(QueueMemoryTest, WhoeverHasTheHeadIsAWriter) {
  if (!os::is_unmasked(os::Feature::lease)) {
    GTEST_SKIP() << "leases are masked: every check counts as failed";
  }
  EXPECT_EQ(memory->writers(), Writers::some) << "this test maps it";
  head_map = os::Mapping();
  EXPECT_EQ(memory->writers(), Writers::none);
  const auto parts = memory->grant(OpenAs::consume).value();
  EXPECT_EQ(memory->writers(), Writers::some);
}

TEST_F(QueueMemoryTest, RetiredMemoryIsEmptyForWhoKeptIt) {
  EXPECT_NE(memory->retire(), Writers::none) << "this test maps it";
  EXPECT_EQ(constants().magic.load(std::memory_order_acquire), 0U);
  EXPECT_EQ(phase(3), layout::QueuePhase::free);
}

TEST(QueueMemory, MoreThanIsAvailableIsRefusedBeforehand) {
  QueueSpec spec = small_spec();
  spec.data_bytes = std::uint64_t{1} << 62U;
  const auto made = QueueMemory::make(spec);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::no_memory);
}

TEST(QueueMemory, RulesOutOfRangeAreRefused) {
  QueueSpec spec = small_spec();
  spec.rules.lanes = 9;
  const auto made = QueueMemory::make(spec);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::bad_request);
}

TEST(QueueMemory, FileDescriptorsRunOutByName) {
  support::Child child([] {
    ::rlimit few{};
    ::getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &few);
    const auto made = QueueMemory::make(small_spec());
    return made ? 1 : made.error().code == Errc::too_many ? 0 : 2;
  });
  EXPECT_EQ(child.wait(20s), 0);
}

}  // namespace
}  // namespace tenure::shm
