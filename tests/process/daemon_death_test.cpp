// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "tests/process/daemon_fixture.hpp"
#include "tests/support/shared.hpp"

namespace tenure::support {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;
using layout::Latest;
using layout::Phase;
using layout::SlotWord;
using wire::Memory;
using wire::OpenAs;

void store_word(const RawRole& writer, std::size_t slot, SlotWord word) {
  writer.head().slots[slot].word.store(word.pack(), std::memory_order_release);
}
SlotWord load_word(const RawRole& role, std::size_t slot) {
  return SlotWord::unpack(role.head().slots[slot].word.load(std::memory_order_acquire));
}
void store_latest(const RawRole& writer, Latest latest) {
  writer.head().newest.latest.store(latest.pack(), std::memory_order_release);
}
Latest load_latest(const RawRole& role) {
  return Latest::unpack(role.head().newest.latest.load(std::memory_order_acquire));
}

class DaemonDeath : public DaemonTest {
 protected:
  void SetUp() override { static_cast<void>(client.ask_for<wire::Created>(small_topic("a"))); }

  // A process that does something with a client of its own, says so, and hangs until it is killed.
  template <class Act>
  Child run_until_killed(Act act) {
    ready->store(0, std::memory_order_release);
    Child child([this, act] {
      RawClient own(broker.socket(), "victim");
      act(own);
      ready->store(1, std::memory_order_release);
      for (;;) {
        ::pause();
      }
      return 0;
    });
    EXPECT_TRUE(eventually([&] { return ready->load(std::memory_order_acquire) == 1; }));
    return child;
  }

  Shared<std::atomic<int>> ready;
  RawClient client{broker.socket()};
};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonDeath);

TEST_P(DaemonDeath, HoldsOfAKilledSubscriberGo) {
  const RawRole writer = open_role(client, "a", OpenAs::publish);
  Child child = run_until_killed([](RawClient& own) {
    static RawRole reader;
    reader = open_role(own, "a", OpenAs::subscribe);
    reader.bell().entry(reader.opened.entry).holds.store(0b101, std::memory_order_release);
  });
  EXPECT_EQ(writer.bell().entry(0).holds.load(std::memory_order_acquire), 0b101U);
  EXPECT_EQ(writer.head().registered[0].load(std::memory_order_acquire), 1U);
  const std::uint32_t rings = writer.bell().release.wake.load(std::memory_order_acquire);
  child.kill();
  EXPECT_TRUE(eventually(
      [&] { return writer.bell().release.wake.load(std::memory_order_acquire) != rings; }));
  EXPECT_EQ(writer.bell().entry(0).holds.load(std::memory_order_acquire), 0U);
  EXPECT_EQ(writer.head().registered[0].load(std::memory_order_acquire), 0U);
}

TEST_P(DaemonDeath, KilledPublisherIsRepairedAndToldOf) {
  const RawRole reader = open_role(client, "a", OpenAs::subscribe);
  Child child = run_until_killed([](RawClient& own) {
    static RawRole writer;
    writer = open_role(own, "a", OpenAs::publish);
    store_word(writer, 0, {.version = 5, .phase = Phase::ready});
    store_latest(writer, {.version = 5, .slot = 0});
    store_word(writer, 1, {.version = 4, .phase = Phase::claimed});
    store_word(writer, 2, {.version = 0, .phase = Phase::writing});
    store_word(writer, 3, {.version = 6, .phase = Phase::ready});
  });
  const std::uint32_t rings = reader.head().bell.wake.load(std::memory_order_acquire);
  child.kill();
  const Event event = client.event();
  EXPECT_EQ(event.what, Event::What::publisher_gone);
  EXPECT_EQ(event.segment, "a");
  EXPECT_EQ(load_word(reader, 1), (SlotWord{.version = 4, .phase = Phase::ready}));
  EXPECT_EQ(load_word(reader, 2), SlotWord{});
  EXPECT_EQ(load_latest(reader), (Latest{.version = 6, .slot = 3})) << "6 was committed";
  EXPECT_NE(reader.head().bell.wake.load(std::memory_order_acquire), rings);
}

TEST_P(DaemonDeath, PlaceOfAKilledPublisherGoesToWhoWaits) {
  Child child = run_until_killed([](RawClient& own) {
    static RawRole writer;
    writer = open_role(own, "a", OpenAs::publish);
    store_word(writer, 1, {.version = 41, .phase = Phase::ready});
    std::memset(writer.data_map.data() + writer.opened.slot_stride_bytes, 7, 64);
    store_latest(writer, {.version = 41, .slot = 1});
  });
  const auto id = client.send(wire::Open{.name = "a", .as = OpenAs::publish, .timeout = 20s});
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  child.kill();
  const auto answer = client.reply(id);
  ASSERT_TRUE(std::holds_alternative<wire::Opened>(answer));
  EXPECT_EQ(std::get<wire::Opened>(answer).incarnation, is_masked() ? 2U : 1U)
      << "a dead process has nothing mapped: no need for fresh memory";
  const RawRole reader = open_role(client, "a", OpenAs::subscribe);
  EXPECT_EQ(load_latest(reader), (Latest{.version = 41, .slot = 1}));
  EXPECT_EQ(reader.data_map.data()[reader.opened.slot_stride_bytes + 63], std::byte{7});
}

TEST_P(DaemonDeath, SessionSegmentsOfAKilledCreatorGo) {
  Child child = run_until_killed([](RawClient& own) {
    static_cast<void>(own.ask_for<wire::Created>(small_topic("fleeting")));
    static_cast<void>(own.ask_for<wire::Created>(small_topic("lasting", Lifetime::persistent)));
  });
  child.kill();
  EXPECT_TRUE(eventually([&] { return client.ask_for<wire::Listed>(wire::List{}).total == 2; }));
  EXPECT_TRUE(
      std::holds_alternative<wire::Inspected>(client.ask(wire::Inspect{.name = "lasting"})));
}

TEST_P(DaemonDeath, WaitersOfAKilledClientAreForgotten) {
  Child child = run_until_killed([](RawClient& own) {
    own.send(wire::Open{.name = "later", .as = OpenAs::publish, .timeout = 60s});
    static_cast<void>(own.ask_for<wire::Welcome>(wire::Ping{}));
  });
  child.kill();
  EXPECT_TRUE(eventually(
      [&] { return broker.log().find("session_ended session=2") != std::string::npos; }));
  static_cast<void>(client.ask_for<wire::Created>(small_topic("later")));
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(
      client.ask(wire::Open{.name = "later", .as = OpenAs::publish})));
}

TEST_P(DaemonDeath, PublisherThatKeepsAWritableFdIsFencedOff) {
  RawClient liar(broker.socket(), "liar");
  RawRole old = open_role(liar, "a", OpenAs::publish);
  store_word(old, 1, {.version = 9, .phase = Phase::ready});
  store_latest(old, {.version = 9, .slot = 1});
  std::memset(old.data_map.data() + old.opened.slot_stride_bytes, 3, 64);
  const RawRole reader = open_role(client, "a", OpenAs::subscribe);
  static_cast<void>(liar.ask_for<wire::Done>(wire::Close{.handle = old.opened.handle}));
  EXPECT_EQ(client.event().what, Event::What::publisher_gone);

  const RawRole writer = open_role(client, "a", OpenAs::publish);
  EXPECT_EQ(writer.opened.incarnation, 2U);
  const Event event = client.event();
  EXPECT_EQ(event.what, Event::What::superseded);
  EXPECT_EQ(event.segment, "a");
  EXPECT_NE(reader.head().newest.superseded.load(std::memory_order_acquire), 0U);
  EXPECT_EQ(load_latest(writer), (Latest{.version = 9, .slot = 1})) << "versions go on";
  EXPECT_EQ(load_word(writer, 1), (SlotWord{.version = 9, .phase = Phase::ready}));
  std::memset(old.data_map.data(), 0xee, old.data_map.size_bytes());
  EXPECT_EQ(writer.data_map.data()[writer.opened.slot_stride_bytes + 63], std::byte{3});
}

// A publisher that was closed and goes on publishing bundles of one byte throughout: an honest one
// until it sees that it is superseded, a dishonest one for ever and into the same slot.
class Rewriter {
 public:
  Rewriter(const RawRole& role, bool is_honest)
      : role_(role), is_honest_(is_honest), thread_([this] {
          while (!done_.load(std::memory_order_acquire) && publish(version_ + 1)) {
            ++version_;
          }
        }) {}
  ~Rewriter() { finish(); }
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  // The last version that it published.
  std::uint64_t finish() {
    done_.store(true, std::memory_order_release);
    if (thread_.joinable()) {
      thread_.join();
    }
    return version_;
  }

 private:
  bool publish(std::uint64_t version) {
    const auto slot = static_cast<std::uint32_t>(is_honest_ ? version % role_.opened.slots : 0);
    const std::size_t bytes = role_.opened.slot_stride_bytes;
    store_word(role_, slot, {.version = 0, .phase = Phase::writing});
    std::atomic_thread_fence(std::memory_order_release);
    std::memset(role_.data_map.data() + slot * bytes, static_cast<int>(version), bytes);
    if (is_honest_ && role_.head().newest.superseded.load(std::memory_order_acquire) != 0) {
      return false;
    }
    store_word(role_, slot, {.version = version, .phase = Phase::ready});
    store_latest(role_, {.version = version, .slot = slot});
    return true;
  }

  const RawRole& role_;
  const bool is_honest_;
  std::atomic<bool> done_ = false;
  std::uint64_t version_ = 0;
  std::thread thread_;
};

wire::CreateTopic large_topic() {
  auto topic = small_topic("large");
  topic.options.schema[0].shape = {8 << 20U};
  return topic;
}

TEST_P(DaemonDeath, FenceTakesNoBundleThatChangesUnderIt) {
  static_cast<void>(client.ask_for<wire::Created>(large_topic()));
  for (int round = 0; round < 5; ++round) {
    RawClient liar(broker.socket(), "liar");
    const RawRole old = open_role(liar, "large", OpenAs::publish);
    Rewriter rewriter(old, false);
    ASSERT_TRUE(eventually([&] { return load_latest(old).version > 2; }));
    static_cast<void>(liar.ask_for<wire::Done>(wire::Close{.handle = old.opened.handle}));
    RawRole fresh = open_role(client, "large", OpenAs::publish);
    rewriter.finish();
    if (load_word(fresh, 0).phase == Phase::ready) {
      const std::byte* const begin = fresh.data_map.data();
      const std::byte* const end = begin + fresh.opened.slot_stride_bytes;
      EXPECT_EQ(std::find_if(begin, end, [&](std::byte byte) { return byte != *begin; }), end)
          << "torn";
    }
    const std::uint64_t handle = fresh.opened.handle;
    fresh = {};
    static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = handle}));
  }
}

TEST_P(DaemonDeath, FenceNeverGivesAVersionTwice) {
  static_cast<void>(client.ask_for<wire::Created>(large_topic()));
  RawClient late(broker.socket(), "late");
  const RawRole old = open_role(late, "large", OpenAs::publish);
  Rewriter rewriter(old, true);
  ASSERT_TRUE(eventually([&] { return load_latest(old).version > 2; }));
  static_cast<void>(late.ask_for<wire::Done>(wire::Close{.handle = old.opened.handle}));
  const RawRole fresh = open_role(client, "large", OpenAs::publish);
  const std::uint64_t last = rewriter.finish();
  const auto slot = static_cast<std::uint32_t>(last % old.opened.slots);
  EXPECT_EQ(load_latest(fresh), (Latest{.version = last, .slot = slot}));
  EXPECT_EQ(load_word(fresh, slot), (SlotWord{.version = last, .phase = Phase::ready}));
}

TEST_P(DaemonDeath, FenceOfALosslessTopicKeepsEveryReadyBundle) {
  auto topic = small_topic("kept");
  topic.options.retention = Retention::lossless;
  static_cast<void>(client.ask_for<wire::Created>(topic));
  RawClient liar(broker.socket(), "liar");
  RawRole old = open_role(liar, "kept", OpenAs::publish);
  for (std::uint64_t version = 1; version <= 3; ++version) {
    store_word(old, version, {.version = version, .phase = Phase::ready});
  }
  store_latest(old, {.version = 3, .slot = 3});
  static_cast<void>(liar.ask_for<wire::Done>(wire::Close{.handle = old.opened.handle}));
  const RawRole writer = open_role(client, "kept", OpenAs::publish);
  EXPECT_EQ(writer.opened.incarnation, 2U);
  for (std::uint64_t version = 1; version <= 3; ++version) {
    EXPECT_EQ(load_word(writer, version), (SlotWord{.version = version, .phase = Phase::ready}));
  }
}

TEST_P(DaemonDeath, HonestPublishersNeedNoFreshMemory) {
  if (is_masked()) {
    GTEST_SKIP() << "without leases the broker cannot know";
  }
  for (int round = 0; round < 3; ++round) {
    RawRole writer = open_role(client, "a", OpenAs::publish);
    EXPECT_EQ(writer.opened.incarnation, 1U);
    const std::uint64_t handle = writer.opened.handle;
    writer = {};
    static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = handle}));
  }
}

TEST_P(DaemonDeath, DisconnectedButAliveItKeepsWhatItHolds) {
  RawClient leaving(broker.socket(), "leaving");
  const RawRole reader = open_role(leaving, "a", OpenAs::subscribe);
  const RawRole writer = open_role(client, "a", OpenAs::publish);
  reader.bell().entry(0).holds.store(1, std::memory_order_release);
  leaving.hang_up();
  EXPECT_TRUE(broker.wait_for_log("session_disconnected session=2"));
  EXPECT_EQ(writer.bell().entry(0).holds.load(std::memory_order_acquire), 1U);
  const auto held = client.ask_for<wire::HeldBy>(wire::Holders{.handle = writer.opened.handle});
  EXPECT_EQ(held.readers.size(), 1U);
}

TEST_P(DaemonDeath, HangingUpWithNothingOpenEndsTheSession) {
  RawClient leaving(broker.socket(), "leaving");
  static_cast<void>(leaving.ask_for<wire::Created>(small_topic("fleeting")));
  const RawRole role = open_role(leaving, "fleeting", OpenAs::observe);
  leaving.send(wire::Close{.handle = role.opened.handle});
  leaving.hang_up();
  EXPECT_TRUE(broker.wait_for_log("session_ended session=2"));
  EXPECT_EQ(client.refusal(wire::Inspect{.name = "fleeting"}).code, Errc::not_found);
}

TEST_P(DaemonDeath, MemoryThatWasKeptGoesBackOnceItIsLetGo) {
  if (is_masked()) {
    GTEST_SKIP() << "without leases only the end of its session tells";
  }
  const auto used_bytes = [&] { return client.ask_for<wire::Welcome>(wire::Ping{}).used_bytes; };
  const std::uint64_t before = used_bytes();
  RawClient keeper(broker.socket(), "keeper");
  static_cast<void>(keeper.ask_for<wire::Created>(small_topic("kept")));
  {
    const RawRole role = open_role(keeper, "kept", OpenAs::publish);
    static_cast<void>(keeper.ask_for<wire::Done>(wire::Remove{.name = "kept"}));
    static_cast<void>(keeper.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
    ASSERT_TRUE(eventually([&] { return broker.log().find("memory_kept") != std::string::npos; }));
    EXPECT_GT(used_bytes(), before);
  }
  // Nobody tells the broker; no session ends.
  EXPECT_TRUE(eventually([&] { return used_bytes() == before; }));
}

TEST_P(DaemonDeath, EveryFdComesBack) {
  const long before = fd_count();
  if (before < 0) {
    GTEST_SKIP() << "this user may not look into /proc/PID/fd of a process that is not dumpable";
  }
  for (int round = 0; round < 3; ++round) {
    Child child = run_until_killed([](RawClient& own) {
      static std::vector<RawRole> roles;
      static_cast<void>(own.ask_for<wire::Created>(small_topic("b")));
      roles.push_back(open_role(own, "b", OpenAs::publish));
      roles.push_back(open_role(own, "b", OpenAs::subscribe));
      roles.push_back(open_role(own, "b", OpenAs::observe));
      roles.push_back(open_role(own, "a", OpenAs::publish));
    });
    EXPECT_GT(fd_count(), before);
    child.kill();
  }
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
    return fd_count() == before;
  })) << fd_count()
      << " of " << before;
}

}  // namespace
}  // namespace tenure::support
