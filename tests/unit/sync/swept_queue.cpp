// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sync/swept_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tenure::test {

using layout::QueuePhase;
using sync::Outcome;
using sync::Taken;

void SweptQueue::push(std::size_t lane) {
  Producer producer = queue_.producer(kSurvivor);
  const Taken draft = producer.try_claim();
  ASSERT_EQ(draft.outcome, Outcome::done);
  fill(draft);
  ASSERT_EQ(producer.push(draft.held, lane, 1), Outcome::done);
}

void SweptQueue::prepare(std::size_t bundles, std::size_t parked) {
  Consumer consumer = queue_.consumer(kSurvivor);
  for (std::size_t i = 0; i < parked; ++i) {
    push(0);
    ASSERT_EQ(consumer.park(consumer.pop(0).held), Outcome::done);
  }
  for (std::size_t i = parked; i < bundles; ++i) {
    push(i % queue_.shape().lanes);
  }
  for (const auto name : queue_.rings()) {
    if (name.kind != layout::RingName::Kind::again) {
      auto& line = queue_.get().wait(name);
      static_cast<void>(sync::count_on<FatedAtomics>(line, sync::WaitKind::sleeper));
      static_cast<void>(sync::count_on<FatedAtomics>(line, sync::WaitKind::poller));
    }
  }
}

void SweptQueue::drain() {
  Consumer consumer = queue_.consumer(kSurvivor);
  const auto take = [&](const Taken& item) {
    if (item.outcome == Outcome::done) {
      drained_.push_back(numbers_.at(item.held.slot));
      note_end(item.held.slot);
      EXPECT_EQ(consumer.ack(item.held), Outcome::done);
    } else {
      EXPECT_EQ(item.outcome, Outcome::empty);
    }
    return item.outcome == Outcome::done;
  };
  for (std::size_t lane = 0; lane < queue_.shape().lanes; ++lane) {
    while (take(consumer.pop(lane))) {
    }
  }
  while (take(consumer.pop_parked())) {
  }
}

void SweptQueue::go_on() {
  drain();
  Producer producer = queue_.producer(kSurvivor);
  for (std::uint32_t i = 0; i < queue_.shape().slots; ++i) {
    const Taken draft = producer.try_claim();
    if (draft.outcome != Outcome::done) {
      EXPECT_EQ(draft.outcome, Outcome::empty);
      break;
    }
    fill(draft);
    EXPECT_EQ(producer.push(draft.held, i % queue_.shape().lanes, 1), Outcome::done);
  }
}

std::vector<std::uint32_t> SweptQueue::numbers_by_words() const {
  std::vector<std::uint32_t> numbers;
  for (std::size_t slot = 0; slot < queue_.shape().slots; ++slot) {
    const QueuePhase phase = queue_.word(slot).phase;
    if (phase != QueuePhase::free && phase != QueuePhase::filling) {
      numbers.push_back(numbers_.at(slot));
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

void SweptQueue::expect_in_order() {
  const std::vector<std::uint32_t> expected = numbers_by_words();
  drained_.clear();
  drain();
  std::ranges::sort(drained_);
  ASSERT_EQ(drained_, expected);
  for (std::size_t slot = 0; slot < queue_.shape().slots; ++slot) {
    ASSERT_EQ(queue_.word(slot).phase, QueuePhase::free) << "slot " << slot;
    ASSERT_EQ(queue_.listings(slot), 1U) << "slot " << slot;
  }
  for (int turn = 0; turn < 3; ++turn) {  // Every cell is used, and nothing is stuck.
    drained_.clear();
    go_on();
    ASSERT_EQ(drained_.size(), turn == 0 ? 0U : queue_.shape().slots);
  }
  ASSERT_EQ(queue_.count(QueuePhase::queued), queue_.shape().slots);
  ASSERT_TRUE(std::ranges::all_of(ends_, [](int count) { return count <= 1; }));
}

void SweptQueue::expect_nothing_lost() {
  const auto ended = std::ranges::count_if(ends_, [](int count) { return count != 0; });
  const auto there = static_cast<std::int64_t>(numbers_by_words().size());
  const auto discarded = static_cast<std::int64_t>(queue_.get().counters().discarded.peek());
  ASSERT_EQ(ended + there + discarded, static_cast<std::int64_t>(pushed_));
}

namespace {

void push_verb(SweptQueue& swept, std::uint16_t owner, std::size_t lane) {
  Producer producer = swept.queue().producer(owner);
  const Taken draft = producer.try_claim();
  swept.fill(draft);
  if (draft.outcome == Outcome::done) {
    static_cast<void>(producer.push(draft.held, lane, 1));
  }
}

void drop_verb(SweptQueue& swept, std::uint16_t owner) {
  Producer producer = swept.queue().producer(owner);
  const Taken oldest = producer.claim_oldest(0);
  swept.note_end(oldest);
  swept.fill(oldest);
  if (oldest.outcome == Outcome::done) {
    static_cast<void>(producer.push(oldest.held, 0, 1));
  }
}

void cancel_verb(SweptQueue& swept, std::uint16_t owner) {
  Producer producer = swept.queue().producer(owner);
  const Taken draft = producer.try_claim();
  if (draft.outcome == Outcome::done) {
    static_cast<void>(producer.cancel(draft.held));
  }
}

// The word is the commit: only if that was stored has the number ended.
void ack_verb(SweptQueue& swept, const Taken& item, Consumer& consumer) {
  if (item.outcome == Outcome::done) {
    if (fate.stores_left != 0) {
      swept.note_end(item);
    }
    static_cast<void>(consumer.ack(item.held));
  }
}

template <class End>
auto pop_then(End end) {
  return [end](SweptQueue& swept, std::uint16_t owner) {
    Consumer consumer = swept.queue().consumer(owner);
    Taken item = consumer.pop(0);
    if (item.outcome == Outcome::done) {
      end(swept, consumer, item);
    }
  };
}

template <class End>
auto examine_then(End end) {
  return [end](SweptQueue& swept, std::uint16_t owner) {
    Consumer consumer = swept.queue().consumer(owner);
    Taken item = consumer.pop_parked();
    if (item.outcome == Outcome::done) {
      end(swept, consumer, item);
    }
  };
}

void sleep_verb(SweptQueue& swept, std::uint16_t owner) {
  auto& line = swept.queue().get().wait(layout::lane_ring(0));
  Consumer consumer = swept.queue().consumer(owner);
  const sync::WaitMark mark = sync::count_on<FatedAtomics>(line, sync::WaitKind::sleeper);
  const bool finds = consumer.could_pop(0);
  sync::count_off<FatedAtomics>(line, sync::WaitKind::sleeper, mark.epoch);
  if (finds) {
    ack_verb(swept, consumer.pop(0), consumer);
  }
  consumer.wake_next(0);
}

void ack_end(SweptQueue& swept, Consumer& consumer, Taken& item) {
  ack_verb(swept, item, consumer);
}
void nack_end(SweptQueue& /*swept*/, Consumer& consumer, Taken& item) {
  static_cast<void>(consumer.nack(item.held));
}
void park_end(SweptQueue& /*swept*/, Consumer& consumer, Taken& item) {
  static_cast<void>(consumer.park(item.held));
}
void pass_end(SweptQueue& swept, Consumer& consumer, Taken& item) {
  static_cast<void>(consumer.pass_on(item.held, swept.last_lane()));
}
void change_end(SweptQueue& swept, Consumer& consumer, Taken& item) {
  consumer.mark_changing(item.held);
  ack_verb(swept, item, consumer);
}
void change_nack_end(SweptQueue& /*swept*/, Consumer& consumer, Taken& item) {
  consumer.mark_changing(item.held);
  static_cast<void>(consumer.nack(item.held));
}

}  // namespace

const std::vector<QueueVerb>& queue_verbs() {
  static const std::vector<QueueVerb> kVerbs{
      {"push", [](SweptQueue& swept, std::uint16_t owner) { push_verb(swept, owner, 0); }},
      {"push to the last lane",
       [](SweptQueue& swept, std::uint16_t owner) { push_verb(swept, owner, swept.last_lane()); }},
      {"cancel", cancel_verb},
      {"drop the oldest", drop_verb},
      {"ack", pop_then(ack_end)},
      {"nack", pop_then(nack_end)},
      {"park", pop_then(park_end)},
      {"pass on", pop_then(pass_end)},
      {"change, ack", pop_then(change_end)},
      {"change, nack", pop_then(change_nack_end)},
      {"examine, ack", examine_then(ack_end)},
      {"examine, nack", examine_then(nack_end)},
      {"sleep, pop, ack", sleep_verb}};
  return kVerbs;
}

}  // namespace tenure::test
