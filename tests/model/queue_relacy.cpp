// SPDX-License-Identifier: Apache-2.0
// A queue's moves, its wake-ups, its end and its repair: the memory orders of proto/sync.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "proto/sync/queue_consumer.hpp"
#include "proto/sync/queue_producer.hpp"
#include "proto/sync/queue_repair.hpp"
#include "tests/model/relacy_queue.hpp"
#include "tests/model/relacy_search.hpp"

namespace tenure::test {
namespace {

using enum std::memory_order;
using sync::Outcome;
using sync::Taken;

constexpr std::uint16_t kProducer = 1;
constexpr std::uint16_t kConsumer = 2;
constexpr std::uint64_t kPosition = ~std::uint64_t{0};  // Positions wrap at once.
constexpr int kItems = 3;

// A producer and a consumer. The bytes are plain memory: whoever reads them while they are written,
// or without an order after, has lost.
template <class Variant>
struct QueueBytes : Suite<QueueBytes<Variant>, 2> {
  using A = RelacyQueue<Variant, 1>;

  typename A::Queue queue;
  std::array<rl::var<std::uint64_t>, 1> bytes;

  void before() { sync::start_queue<A>(queue, kPosition); }

  void push() {
    sync::QueueProducer<A> producer(queue, kProducer);
    for (int i = 0; i < kItems; ++i) {
      const Taken draft = producer.try_claim();
      if (draft.outcome == Outcome::done) {
        bytes[draft.held.slot](RL_INFO) = static_cast<std::uint64_t>(i);
        RL_ASSERT(producer.push(draft.held, 0, 1) == Outcome::done);
      }
      RL_ASSERT(draft.outcome != Outcome::corrupt);
    }
  }

  void pop() {
    sync::QueueConsumer<A> consumer(queue, kConsumer);
    for (int i = 0; i < kItems; ++i) {
      const Taken item = consumer.pop(0);
      if (item.outcome == Outcome::done) {
        RL_ASSERT(bytes[item.held.slot](RL_INFO) < kItems);
        RL_ASSERT(consumer.ack(item.held) == Outcome::done);
      }
      RL_ASSERT(item.outcome != Outcome::corrupt);
    }
  }

  void thread(unsigned index) { index == 0 ? push() : pop(); }
};

// The word is stored before the entry and claimed after it, so either of the two brings the bytes.
using NoCommit = Weaker<Field::queue_word, Operation::store, seq_cst, relaxed>;
using NoClaim = Weaker<Field::queue_word, Operation::change, seq_cst, relaxed>;

TEST(QueueBytes, HoldsAsWritten) {
  expect_holds<QueueBytes<AsWritten>>();
}
TEST(QueueBytes, HoldsWithoutTheReleaseOfTheWord) {
  expect_holds<QueueBytes<NoCommit>>();
}
TEST(QueueBytes, FailsWithoutBothReleases) {
  expect_fails<QueueBytes<Weaker<Field::cell, Operation::change, seq_cst, relaxed, NoCommit>>>();
}
TEST(QueueBytes, FailsWithoutBothAcquires) {
  expect_fails<QueueBytes<Weaker<Field::cell, Operation::load, seq_cst, relaxed, NoClaim>>>();
}
// One item, and a consumer that sleeps until it comes.
template <class Variant>
struct QueueSleep : Suite<QueueSleep<Variant>, 2> {
  using A = RelacyQueue<Variant, 1>;

  typename A::Queue queue;
  bool is_over = false;

  void before() { sync::start_queue<A>(queue, kPosition); }

  void push() {
    sync::QueueProducer<A> producer(queue, kProducer);
    RL_ASSERT(producer.push(producer.try_claim().held, 0, 1) == Outcome::done);
    is_over = true;
  }

  void sleep() {
    sync::QueueConsumer<A> consumer(queue, kConsumer);
    auto& line = queue.wait(layout::lane_ring(0));
    while (consumer.pop(0).outcome != Outcome::done) {
      const sync::WaitMark mark = sync::count_on<A>(line, sync::WaitKind::sleeper);
      if (!consumer.could_pop(0)) {
        A::futex_wait(line.bell, mark.expected, [&] {
          RL_ASSERT(!is_over || !self().is_asleep);
          return false;
        });
      }
      sync::count_off<A>(line, sync::WaitKind::sleeper, mark.epoch);
    }
    RL_ASSERT(line.waiting.in_memory() == 0);
  }

  void thread(unsigned index) { index == 0 ? push() : sleep(); }
};

TEST(QueueSleep, HoldsAsWritten) {
  expect_holds<QueueSleep<AsWritten>>();
}
TEST(QueueSleep, FailsWithoutTheOrderOfTheEntry) {
  expect_fails<QueueSleep<Weaker<Field::cell, Operation::change, seq_cst, acq_rel>>>();
}
TEST(QueueSleep, FailsWithoutTheOrderOfTheLookAtTheCounts) {
  expect_fails<QueueSleep<Weaker<Field::waiting, Operation::load, seq_cst, acquire>>>();
}
TEST(QueueSleep, FailsWithoutTheOrderOfTheCount) {
  expect_fails<QueueSleep<Weaker<Field::waiting, Operation::change, seq_cst, acq_rel>>>();
}
TEST(QueueSleep, FailsWithoutTheOrderOfTheSecondLook) {
  expect_fails<QueueSleep<Weaker<Field::cell, Operation::load, seq_cst, acquire>>>();
}

// A producer that claims, and somebody who ends the queue and is told that the lane is finished.
template <class Variant>
struct QueueEnd : Suite<QueueEnd<Variant>, 2> {
  using A = RelacyQueue<Variant, 1>;

  typename A::Queue queue;
  bool is_claimed = false;
  bool is_finished = false;

  void before() { sync::start_queue<A>(queue, kPosition); }

  void thread(unsigned index) {
    if (index == 0) {
      is_claimed = sync::QueueProducer<A>(queue, kProducer).try_claim().outcome == Outcome::done;
    } else {
      sync::end_queue<A>(queue);
      is_finished = sync::is_finished<A>(queue, 0);
    }
  }
  void after() { RL_ASSERT(!is_claimed || !is_finished); }
};

TEST(QueueEnd, HoldsAsWritten) {
  expect_holds<QueueEnd<AsWritten>>();
}
TEST(QueueEnd, FailsWithoutTheOrderOfTheLook) {
  expect_fails<QueueEnd<Weaker<Field::ended, Operation::load, seq_cst, acquire>>>();
}
TEST(QueueEnd, FailsWithoutTheOrderOfTheEnd) {
  expect_fails<QueueEnd<Weaker<Field::ended, Operation::store, seq_cst, release>>>();
}

// The last bundle of an ended queue is acknowledged while another consumer goes to sleep.
template <class Variant>
struct QueueLast : Suite<QueueLast<Variant>, 2> {
  using A = RelacyQueue<Variant, 1>;

  typename A::Queue queue;
  sync::Held last;
  bool is_over = false;

  void before() {
    sync::start_queue<A>(queue, kPosition);
    sync::QueueProducer<A> producer(queue, kProducer);
    RL_ASSERT(producer.push(producer.try_claim().held, 0, 1) == Outcome::done);
    last = sync::QueueConsumer<A>(queue, kConsumer).pop(0).held;
    is_over = false;
  }

  void acknowledge() {
    RL_ASSERT(sync::QueueConsumer<A>(queue, kConsumer).ack(last) == Outcome::done);
    is_over = true;
  }

  void sleep() {
    sync::QueueProducer<A>(queue, kProducer).finish();
    sync::QueueConsumer<A> consumer(queue, 3);
    auto& line = queue.wait(layout::lane_ring(0));
    while (consumer.pop(0).outcome != Outcome::finished) {
      const sync::WaitMark mark = sync::count_on<A>(line, sync::WaitKind::sleeper);
      if (!consumer.could_pop(0)) {
        A::futex_wait(line.bell, mark.expected, [&] {
          RL_ASSERT(!is_over || !self().is_asleep);
          return false;
        });
      }
      sync::count_off<A>(line, sync::WaitKind::sleeper, mark.epoch);
    }
  }

  void thread(unsigned index) { index == 0 ? acknowledge() : sleep(); }
};

TEST(QueueLast, HoldsAsWritten) {
  expect_holds<QueueLast<AsWritten>>();
}
TEST(QueueLast, FailsWithoutTheOrderOfTheMove) {
  expect_fails<QueueLast<Weaker<Field::queue_word, Operation::store, seq_cst, release>>>();
}
TEST(QueueLast, FailsWithoutTheOrderOfTheScan) {
  expect_fails<QueueLast<Weaker<Field::queue_word, Operation::load, seq_cst, acquire>>>();
}

// A bundle that a dead producer had listed is taken while the broker looks for it.
template <class Variant>
struct QueueFound : Suite<QueueFound<Variant>, 2> {
  using A = RelacyQueue<Variant, 1>;

  typename A::Queue queue;
  std::array<std::uint64_t, 1> scratch{};
  std::uint32_t listed = 0;

  void before() {
    sync::start_queue<A>(queue, kPosition);
    sync::QueueProducer<A> producer(queue, kProducer);
    RL_ASSERT(producer.push(producer.try_claim().held, 0, 1) == Outcome::done);
  }

  void thread(unsigned index) {
    if (index == 0) {
      RL_ASSERT(sync::QueueConsumer<A>(queue, kConsumer).pop(0).outcome == Outcome::done);
    } else {
      sync::QueueRepair<A> repair(queue, scratch);
      listed = repair.run([](std::uint16_t owner) { return owner == kProducer; }).listed;
    }
  }
  void after() { RL_ASSERT(listed == 0); }
};

TEST(QueueFound, HoldsAsWritten) {
  expect_holds<QueueFound<AsWritten>>();
}
TEST(QueueFound, FailsWithoutTheReleaseOfTheEmptying) {
  expect_fails<QueueFound<Relaxed<Field::cell, Operation::change, release>>>();
}
TEST(QueueFound, FailsWithoutTheAcquireOfTheSearch) {
  expect_fails<QueueFound<Relaxed<Field::cell, Operation::load, acquire>>>();
}

// Two who append to one ring and take from it: no call ends in `corrupt`.
template <class Variant>
struct QueuePositions : Suite<QueuePositions<Variant>, 2> {
  using A = RelacyQueue<Variant, 2>;

  typename A::Queue queue;

  void before() { sync::start_queue<A>(queue, kPosition); }

  void thread(unsigned index) {
    sync::QueueProducer<A> producer(queue, static_cast<std::uint16_t>(index + 1));
    for (int i = 0; i < kItems; ++i) {
      const Taken draft = producer.try_claim();
      RL_ASSERT(draft.outcome == Outcome::done);
      RL_ASSERT(producer.cancel(draft.held) == Outcome::done);
    }
  }
};

TEST(QueuePositions, HoldsAsWritten) {
  expect_holds<QueuePositions<AsWritten>>();
}
// Who meets a cell that is newer than its position tries again.
TEST(QueuePositions, HoldsWithoutTheReleases) {
  expect_holds<QueuePositions<Relaxed<Field::ring_head,
                                      Operation::change,
                                      release,
                                      Relaxed<Field::ring_tail, Operation::change, release>>>>();
}

}  // namespace
}  // namespace tenure::test
