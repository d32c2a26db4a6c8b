// SPDX-License-Identifier: Apache-2.0
// A view against drafts, and a snapshot against drafts: the memory orders of proto/sync.
#include <gtest/gtest.h>

#include "proto/sync/topic_reader.hpp"
#include "proto/sync/topic_repair.hpp"
#include "proto/sync/topic_writer.hpp"
#include "tests/model/relacy_search.hpp"

namespace tenure::test {
namespace {

using enum std::memory_order;
using sync::Attempt;

constexpr std::size_t kSlots = 2;
constexpr int kVersions = 3;
constexpr int kViews = 2;
constexpr int kLooks = 6;

// A publisher and a subscriber that views. The bytes are plain memory: whoever reads them while
// they are written, or without an order after, has lost.
template <class Variant>
struct View : Suite<View<Variant>, 2> {
  using A = RelacyAtomics<Variant, kSlots>;

  typename A::Head head;
  typename A::Bell bell;
  std::array<rl::var<std::uint64_t>, kSlots> bytes;

  void before() {
    sync::register_entry<A>(head, bell, 0, false);
    publish(1);
  }

  void publish(int versions) {
    sync::TopicWriter<A> writer(head, bell, {.slots = kSlots, .entries = 1, .is_lossless = false});
    for (int i = 0; i < versions; ++i) {
      if (const auto slot = writer.try_claim()) {
        bytes[*slot](RL_INFO) = writer.next_version();
        writer.publish(*slot);
      }
    }
  }

  void view() {
    sync::TopicReader<A> reader(head, &bell, 0, kSlots, false);
    for (int i = 0; i < kViews; ++i) {
      const sync::Found found = reader.view_latest();
      if (found.attempt == Attempt::done) {
        RL_ASSERT(bytes[found.slot](RL_INFO) == found.version);
        RL_ASSERT(reader.let_go(found.slot, found.version));
      }
    }
  }

  void thread(unsigned index) { index == 0 ? publish(kVersions) : view(); }
};

// `latest` is stored after the slot word and loaded before it, so either of the two brings the
// bytes: only without both are they missed.
using NoCommit = Relaxed<Field::word, Operation::store, release>;
using NoLatest = Relaxed<Field::latest, Operation::store, release>;
using NoReleases = Relaxed<Field::latest, Operation::store, release, NoCommit>;
using NoAcquires = Relaxed<Field::latest,
                           Operation::load,
                           acquire,
                           Relaxed<Field::word, Operation::load, acquire>>;

TEST(View, HoldsAsWritten) {
  expect_holds<View<AsWritten>>();
}
TEST(View, FailsWithoutTheFenceOfTryHold) {
  expect_fails<View<HalfFence<Field::holds, Operation::store>>>();
}
TEST(View, FailsWithoutTheFenceOfClaim) {
  expect_fails<View<HalfFence<Field::word, Operation::store>>>();
}
TEST(View, FailsWithoutTheReleaseOfLetGo) {
  expect_fails<View<Relaxed<Field::holds, Operation::store, release>>>();
}
TEST(View, FailsWithoutTheAcquireOfTheScan) {
  expect_fails<View<Relaxed<Field::holds, Operation::load, acquire>>>();
}
TEST(View, FailsWithoutTheReleasesOfPublish) {
  expect_fails<View<NoReleases>>();
}
TEST(View, HoldsWithoutOneReleaseOfPublish) {
  expect_holds<View<NoCommit>>();
  expect_holds<View<NoLatest>>();
}
// The full fence of try_hold is an acquire fence as well.
TEST(View, HoldsWithoutTheAcquiresOfTheReader) {
  expect_holds<View<NoAcquires>>();
}

// One slot, which is poisoned. Who reads that `latest` names version 2 finds it there, or something
// newer, never the poison.
template <class Variant>
struct Latest : Suite<Latest<Variant>, 2> {
  using A = RelacyAtomics<Variant, 1>;

  typename A::Head head;
  typename A::Bell bell;

  void before() {
    sync::TopicWriter<A> writer(head, bell, {.slots = 1, .entries = 0, .is_lossless = false});
    writer.publish(writer.try_claim().value());
    writer.drop(writer.try_claim().value());
  }

  void publish() {
    sync::TopicWriter<A> writer(head, bell, {.slots = 1, .entries = 0, .is_lossless = false});
    writer.publish(writer.try_claim().value());
  }

  void copy() {
    sync::TopicReader<A> reader(head, nullptr, 0, 1, false);
    for (int i = 0; i < kLooks; ++i) {
      if (reader.load_latest().version == 2) {
        RL_ASSERT(reader.snapshot([](std::size_t) {}).attempt == Attempt::done);
      }
    }
  }

  void thread(unsigned index) { index == 0 ? publish() : copy(); }
};

TEST(Latest, HoldsAsWritten) {
  expect_holds<Latest<AsWritten>>();
}
TEST(Latest, FailsWithoutTheReleaseOfPublish) {
  expect_fails<Latest<NoLatest>>();
}
TEST(Latest, FailsWithoutTheAcquireOfTheReader) {
  expect_fails<Latest<Relaxed<Field::latest, Operation::load, acquire>>>();
}

// An observer that copies while the publisher overwrites: relaxed words, as bulk bytes are.
template <class Variant>
struct Snapshot : Suite<Snapshot<Variant>, 2> {
  using A = RelacyAtomics<Variant, 1>;

  typename A::Head head;
  typename A::Bell bell;
  typename A::Word64 first{Field::bytes};
  typename A::Word64 second{Field::bytes};

  void before() { publish(1); }

  void publish(int versions) {
    sync::TopicWriter<A> writer(head, bell, {.slots = 1, .entries = 0, .is_lossless = false});
    for (int i = 0; i < versions; ++i) {
      const std::size_t slot = writer.try_claim().value();
      first.store(writer.next_version(), relaxed);
      second.store(writer.next_version(), relaxed);
      writer.publish(slot);
    }
  }

  void copy() {
    sync::TopicReader<A> reader(head, nullptr, 0, 1, false);
    for (int i = 0; i < kViews; ++i) {
      std::uint64_t one = 0;
      std::uint64_t two = 0;
      const sync::Found found = reader.snapshot([&](std::size_t) {
        one = first.load(relaxed);
        two = second.load(relaxed);
      });
      if (found.attempt == Attempt::done) {
        RL_ASSERT(one == found.version && two == found.version);
      }
    }
  }

  void thread(unsigned index) { index == 0 ? publish(kVersions) : copy(); }
};

TEST(Snapshot, HoldsAsWritten) {
  expect_holds<Snapshot<AsWritten>>();
}
TEST(Snapshot, FailsWithoutTheReleaseFenceOfClaim) {
  expect_fails<Snapshot<WithoutFence<release>>>();
}
TEST(Snapshot, FailsWithoutTheAcquireFenceOfTheReader) {
  expect_fails<Snapshot<WithoutFence<acquire>>>();
}

TEST(Snapshot, FailsWithoutTheReleasesOfPublish) {
  expect_fails<Snapshot<NoReleases>>();
}
TEST(Snapshot, FailsWithoutTheAcquiresOfTheReader) {
  expect_fails<Snapshot<NoAcquires>>();
}

// A view beside a publisher that ignores who holds: whoever lets go learns it.
template <class Variant>
struct Torn : Suite<Torn<Variant>, 2> {
  using A = RelacyAtomics<Variant, 1>;

  typename A::Head head;
  typename A::Bell bell;
  typename A::Word64 first{Field::bytes};
  typename A::Word64 second{Field::bytes};

  void before() {
    sync::register_entry<A>(head, bell, 0, false);
    publish(1);
  }

  void publish(int versions) {
    sync::TopicWriter<A> writer(head, bell, {.slots = 1, .entries = 0, .is_lossless = false});
    for (int i = 0; i < versions; ++i) {
      const std::size_t slot = writer.try_claim().value();
      first.store(writer.next_version(), relaxed);
      second.store(writer.next_version(), relaxed);
      writer.publish(slot);
    }
  }

  void view() {
    sync::TopicReader<A> reader(head, &bell, 0, 1, false);
    for (int i = 0; i < kViews; ++i) {
      const sync::Found found = reader.view_latest();
      if (found.attempt == Attempt::done) {
        const std::uint64_t one = first.load(relaxed);
        const std::uint64_t two = second.load(relaxed);
        const bool is_intact = reader.let_go(found.slot, found.version);
        RL_ASSERT(!is_intact || (one == found.version && two == found.version));
      }
    }
  }

  void thread(unsigned index) { index == 0 ? publish(kVersions) : view(); }
};

TEST(Torn, HoldsAsWritten) {
  expect_holds<Torn<AsWritten>>();
}
TEST(Torn, FailsWithoutTheReleaseFenceOfClaim) {
  expect_fails<Torn<WithoutFence<release>>>();
}
TEST(Torn, FailsWithoutTheAcquireFenceOfLetGo) {
  expect_fails<Torn<WithoutFence<acquire>>>();
}

}  // namespace
}  // namespace tenure::test
