// SPDX-License-Identifier: Apache-2.0
// Lossless retention: a subscriber that is registered and starts while the publisher goes on.
#include <gtest/gtest.h>

#include <optional>

#include "proto/sync/topic_reader.hpp"
#include "proto/sync/topic_repair.hpp"
#include "proto/sync/topic_writer.hpp"
#include "tests/model/relacy_search.hpp"

namespace tenure::test {
namespace {

using enum std::memory_order;

constexpr std::size_t kSlots = 2;
constexpr int kAttempts = 4;
constexpr std::uint64_t kRubbish = 77;  // What the entry's former owner has seen.

template <class Variant>
struct Registration : Suite<Registration<Variant>, 2> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  std::array<rl::var<std::uint64_t>, kSlots> bytes;
  std::uint64_t seen = 0;

  void before() {
    bell.entry(0).seen.store(kRubbish, relaxed);
    publish(1);
  }

  void publish(int attempts) {
    sync::TopicWriter<A> writer(head, bell, {.slots = kSlots, .entries = 1, .is_lossless = true});
    for (int i = 0; i < attempts; ++i) {
      if (const auto slot = writer.try_claim()) {
        bytes[*slot](RL_INFO) = writer.next_version();
        writer.publish(*slot);
      }
    }
  }

  // The broker's answer comes through a socket: what it did comes before.
  void subscribe() {
    sync::register_entry<A>(head, bell, 0, false);
    sync::TopicReader<A> reader(head, &bell, 0, kSlots, true);
    reader.start(false);
    const sync::Found found = reader.view_next();
    if (found.attempt == sync::Attempt::done) {
      RL_ASSERT(bytes[found.slot](RL_INFO) == found.version);
      RL_ASSERT(reader.let_go(found.slot, found.version));
    }
    seen = reader.seen();
  }

  void thread(unsigned index) { index == 0 ? publish(kAttempts) : subscribe(); }

  // Nothing was given up that it has not seen.
  void after() {
    const auto newest = layout::Latest::unpack(head.newest.latest.in_memory());
    for (std::uint64_t version = seen + 1; version <= newest.version; ++version) {
      const layout::SlotWord wanted{.version = version, .phase = layout::Phase::ready};
      bool is_kept = false;
      for (const auto& slot : head.slots) {
        is_kept = is_kept || slot.word.in_memory() == wanted.pack();
      }
      RL_ASSERT(is_kept);
    }
  }
};

using NoOrderOfSeen = Relaxed<Field::seen,
                              Operation::change,
                              release,
                              Relaxed<Field::seen, Operation::load, acquire>>;

TEST(Registration, HoldsAsWritten) {
  expect_holds<Registration<AsWritten>>();
}
TEST(Registration, FailsWithoutTheFenceOfStart) {
  expect_fails<Registration<HalfFence<Field::registered, Operation::store>>>();
}
// The publisher has two more fences between `latest` and the scan that decides.
TEST(Registration, HoldsWithoutTheFirstFenceOfTryClaim) {
  expect_holds<Registration<HalfFence<Field::reader_flags, Operation::load>>>();
}
// Bytes come back by let_go: nobody reads what he does not hold.
TEST(Registration, HoldsWithoutTheOrdersOfSeen) {
  expect_holds<Registration<NoOrderOfSeen>>();
}

// A publisher that counts those who have joined: whoever is counted begins with what was there by
// then. The former owner of the entry had joined.
template <class Variant>
struct Joined : Suite<Joined<Variant>, 2> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  std::optional<sync::TopicWriter<A>> writer;
  std::size_t draft = 0;
  bool is_counted = false;
  std::uint64_t first = 0;  // Where the subscriber begins.

  void before() {
    bell.entry(0).joined.store(1, relaxed);
    writer.emplace(
        head,
        bell,
        typename sync::TopicWriter<A>::Shape{.slots = kSlots, .entries = 1, .is_lossless = false});
    writer->publish(writer->try_claim().value());
    draft = writer->try_claim().value();
  }

  void publish() {
    for (int i = 0; i < kAttempts && !is_counted; ++i) {
      is_counted = sync::count_joined<A>(head, bell, 1) == 1;
    }
    if (is_counted) {
      writer->publish(draft);
    }
  }

  void subscribe() {
    sync::register_entry<A>(head, bell, 0, false);
    sync::TopicReader<A> reader(head, &bell, 0, kSlots, false);
    reader.start(false);
    first = reader.seen() + 1;
  }

  void thread(unsigned index) { index == 0 ? publish() : subscribe(); }
  void after() { RL_ASSERT(!is_counted || first == 1); }
};

TEST(Joined, HoldsAsWritten) {
  expect_holds<Joined<AsWritten>>();
}
TEST(Joined, FailsWithoutTheReleaseOfTheBit) {
  expect_fails<Joined<Relaxed<Field::registered, Operation::store, release>>>();
}
TEST(Joined, FailsWithoutTheAcquireOfTheBit) {
  expect_fails<Joined<Relaxed<Field::registered, Operation::load, acquire>>>();
}

}  // namespace
}  // namespace tenure::test
