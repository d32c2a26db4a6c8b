// SPDX-License-Identifier: Apache-2.0
// Readers that sleep, a publisher that publishes and may die, a broker that repairs and rings.
#include <gtest/gtest.h>

#include "proto/sync/topic_reader.hpp"
#include "proto/sync/topic_repair.hpp"
#include "proto/sync/topic_wake.hpp"
#include "proto/sync/topic_writer.hpp"
#include "tests/model/relacy_search.hpp"

namespace tenure::test {
namespace {

using enum std::memory_order;

constexpr std::size_t kSlots = 2;
constexpr std::uint64_t kVersions = 2;

// Looks, sleeps and looks, until `newest` has been seen or `gives_up()` says so.
template <class A, class GivesUp>
void sleep_until_seen(typename A::Head& head,
                      typename A::Bell& bell,
                      std::uint64_t newest,
                      GivesUp&& gives_up) {
  sync::TopicReader<A> reader(head, nullptr, 0, kSlots, false);
  std::uint64_t seen = 0;
  const auto look = [&] {
    const std::uint64_t version = reader.load_latest().version;
    const bool is_newer = version > seen;
    seen = version;
    return is_newer;
  };
  while (seen < newest) {
    if (look()) {
      continue;
    }
    const std::uint32_t word = sync::announce_sleep<A>(head.bell.wake, bell.readers.flags);
    if (look()) {
      continue;
    }
    if (gives_up(seen)) {
      return;
    }
    A::futex_wait(head.bell.wake, word, [&] { return gives_up(seen); });
  }
}

template <class Variant>
struct Wake : Suite<Wake<Variant>, 2> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  bool is_over = false;

  void publish() {
    sync::TopicWriter<A> writer(head, bell, {.slots = kSlots, .entries = 0, .is_lossless = false});
    for (std::uint64_t i = 0; i < kVersions; ++i) {
      writer.publish(writer.try_claim().value());
    }
    is_over = true;
  }

  void sleep() {
    sleep_until_seen<A>(head, bell, kVersions, [&](std::uint64_t) {
      RL_ASSERT(!is_over || !self().is_asleep);
      return false;
    });
  }

  void thread(unsigned index) { index == 0 ? publish() : sleep(); }
};

using NoRelease = Relaxed<Field::wake, Operation::change, release>;
using NoAcquire = Relaxed<Field::wake, Operation::load, acquire>;

TEST(Wake, HoldsAsWritten) {
  expect_holds<Wake<AsWritten>>();
}
TEST(Wake, FailsWithoutTheFenceOfPublish) {
  expect_fails<Wake<HalfFence<Field::latest, Operation::store>>>();
}
TEST(Wake, FailsWithoutTheFenceOfAnnounceSleep) {
  expect_fails<Wake<HalfFence<Field::reader_flags, Operation::store>>>();
}

// The publisher dies at any store of its first version. The broker hears of it from the kernel,
// which orders what the dead one stored before the news.
template <class Variant>
struct Ring : Suite<Ring<Variant>, 3> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  rl::atomic<int> is_dead{0};
  bool is_over = false;

  void publish() {
    self().stores_to_live = 1 + static_cast<int>(rl::rand(8));
    sync::TopicWriter<A> writer(head, bell, {.slots = kSlots, .entries = 0, .is_lossless = false});
    writer.publish(writer.try_claim().value_or(0));
    is_dead.store(1, rl::mo_release, RL_INFO);
  }

  void repair() {
    while (is_dead.load(rl::mo_acquire, RL_INFO) == 0) {
    }
    sync::repair_publisher<A>(head, kSlots);
    sync::ring<A>(head, bell);
    is_over = true;
  }

  void sleep() {
    sleep_until_seen<A>(head, bell, 1, [&](std::uint64_t seen) {
      const bool is_there = layout::Latest::unpack(head.newest.latest.in_memory()).version > seen;
      RL_ASSERT(!(is_over && is_there && self().is_asleep));
      return is_over && !is_there;
    });
  }

  void thread(unsigned index) {
    if (index == 0) {
      publish();
    } else if (index == 1) {
      repair();
    } else {
      sleep();
    }
  }
};

TEST(Ring, HoldsAsWritten) {
  expect_holds<Ring<AsWritten>>();
}
TEST(Ring, FailsWithoutTheReleaseOfRing) {
  expect_fails<Ring<NoRelease>>();
}
// The full fence of announce_sleep is an acquire fence as well, and that of publish a release
// fence.
TEST(Ring, HoldsWithoutTheAcquireOfAnnounceSleep) {
  expect_holds<Ring<NoAcquire>>();
}
TEST(Wake, HoldsWithoutTheOrdersOfTheWord) {
  expect_holds<Wake<NoAcquire>>();
  expect_holds<Wake<NoRelease>>();
}

// What a dead publisher leaves, a second one and a view.
template <class Variant>
struct Repair : Suite<Repair<Variant>, 3> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  rl::atomic<int> is_dead{0};
  std::array<rl::var<std::uint64_t>, kSlots> bytes;

  void before() {
    sync::register_entry<A>(head, bell, 0, false);
    publish(1);
  }

  void publish(std::uint64_t versions) {
    sync::TopicWriter<A> writer(head, bell, {.slots = kSlots, .entries = 1, .is_lossless = false});
    for (std::uint64_t i = 0; i < versions; ++i) {
      const auto slot = writer.try_claim();
      if (slot && !self().is_dead()) {
        bytes[*slot](RL_INFO) = writer.next_version();
        writer.publish(*slot);
      }
    }
  }

  void publish_and_die() {
    self().stores_to_live = 1 + static_cast<int>(rl::rand(10));
    publish(kVersions);
    is_dead.store(1, rl::mo_release, RL_INFO);
  }

  void repair() {
    while (is_dead.load(rl::mo_acquire, RL_INFO) == 0) {
    }
    sync::repair_publisher<A>(head, kSlots);
    sync::ring<A>(head, bell);
    publish(kVersions);
  }

  void view() {
    sync::TopicReader<A> reader(head, &bell, 0, kSlots, false);
    for (int i = 0; i < 3; ++i) {
      const sync::Found found = reader.view_next();
      if (found.attempt == sync::Attempt::done) {
        RL_ASSERT(bytes[found.slot](RL_INFO) == found.version);
        RL_ASSERT(reader.let_go(found.slot, found.version));
      }
    }
  }

  void thread(unsigned index) {
    if (index == 0) {
      publish_and_die();
    } else if (index == 1) {
      repair();
    } else {
      view();
    }
  }
};

TEST(Repair, HoldsAsWritten) {
  expect_holds<Repair<AsWritten>>();
}
TEST(Repair, FailsWithoutTheReleases) {
  expect_fails<Repair<Relaxed<Field::latest,
                              Operation::store,
                              release,
                              Relaxed<Field::word, Operation::store, release>>>>();
}

}  // namespace
}  // namespace tenure::test
