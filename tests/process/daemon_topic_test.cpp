// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "tests/process/daemon_fixture.hpp"

namespace tenure::support {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using wire::Memory;
using wire::OpenAs;
using wire::Right;

class DaemonTopic : public DaemonTest {
 protected:
  void SetUp() override { static_cast<void>(client.ask_for<wire::Created>(small_topic("a"))); }
  RawClient client{broker.socket()};
};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonTopic);

TEST_P(DaemonTopic, EveryRoleGetsWhatItNeedsAndNoMore) {
  const auto rights = [&](OpenAs as) {
    std::string text;
    for (const wire::Grant& grant : open_role(client, "a", as).opened.grants) {
      text += (grant.memory == Memory::head   ? "head"
               : grant.memory == Memory::bell ? "bell"
                                              : "data");
      text += grant.right == Right::write ? "+w " : "+r ";
    }
    return text;
  };
  EXPECT_EQ(rights(OpenAs::publish), "head+w data+w bell+w ");
  EXPECT_EQ(rights(OpenAs::subscribe), "head+r data+r bell+w ");
  EXPECT_EQ(rights(OpenAs::observe), "head+r data+r ");
}

TEST_P(DaemonTopic, ReadOnlyGrantCannotBeMadeWritable) {
  const RawRole role = open_role(client, "a", OpenAs::subscribe);
  for (const Memory memory : {Memory::head, Memory::data}) {
    const int fd = role.fd(memory).get();
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_EQ(errno, EACCES);
    void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    ASSERT_NE(page, MAP_FAILED);
    EXPECT_NE(::mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
    ::munmap(page, 4096);
    EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
    EXPECT_NE(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
  }
}

TEST_P(DaemonTopic, MemoryIsPrivateAndSealedAgainstResizing) {
  const RawRole role = open_role(client, "a", OpenAs::publish);
  for (const Memory memory : {Memory::head, Memory::bell, Memory::data}) {
    const int fd = role.fd(memory).get();
    struct ::stat status{};
    ASSERT_EQ(::fstat(fd, &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_GE(status.st_blocks * 512, status.st_size) << "reserved";
    const int seals = ::fcntl(fd, F_GET_SEALS);
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    EXPECT_EQ(seals & wanted, wanted);
    EXPECT_EQ(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE), 0);
    EXPECT_NE(::ftruncate(fd, 0), 0);
  }
}

TEST_P(DaemonTopic, HeadConstantsAgreeWithTheAnswer) {
  const RawRole role = open_role(client, "a", OpenAs::observe);
  const auto& constants = role.head().constants;
  EXPECT_EQ(constants.magic.load(std::memory_order_acquire), layout::kMagic);
  EXPECT_EQ(constants.layout_version, layout::kLayoutVersion);
  EXPECT_EQ(constants.segment_id, role.opened.id);
  EXPECT_EQ(constants.incarnation, 1U);
  EXPECT_EQ(constants.slot_count, 4U);
  EXPECT_EQ(constants.subscriber_entries, 63U);
  EXPECT_EQ(constants.slot_stride_bytes, role.opened.slot_stride_bytes);
  EXPECT_EQ(constants.tensor_count, 1U);
  EXPECT_EQ(constants.attribute_bytes, 256U);
  EXPECT_GT(constants.created_ns, 0);
}

TEST_P(DaemonTopic, DeclaredTwiceItExists) {
  EXPECT_TRUE(client.ask_for<wire::Created>(small_topic("a")).existed);
  auto other = small_topic("a");
  other.options.slots = 8;
  const Error error = client.refusal(other);
  EXPECT_EQ(error.code, Errc::exists);
  EXPECT_EQ(error.detail, "a: slots: 4 there, 8 asked for");
}

TEST_P(DaemonTopic, SecondPublisherIsToldWhoPublishes) {
  const RawRole first = open_role(client, "a", OpenAs::publish);
  const Error error = client.refusal(wire::Open{.name = "a", .as = OpenAs::publish});
  EXPECT_EQ(error.code, Errc::has_publisher);
  EXPECT_THAT(error.detail, HasSubstr("raw (session 1, pid " + std::to_string(::getpid())));
}

TEST_P(DaemonTopic, OpenWaitsForItsName) {
  const auto id = client.send(wire::Open{.name = "later", .as = OpenAs::subscribe, .timeout = 20s});
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  RawClient other(broker.socket());
  static_cast<void>(other.ask_for<wire::Created>(small_topic("later")));
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(client.reply(id)));
}

TEST_P(DaemonTopic, OpenWaitsInVain) {
  const Error error =
      client.refusal(wire::Open{.name = "never", .as = OpenAs::subscribe, .timeout = 50ms});
  EXPECT_EQ(error.code, Errc::timed_out);
  EXPECT_EQ(error.detail, "never: no such name within 50 ms");
}

TEST_P(DaemonTopic, WaitingOpenCanBeCancelled) {
  const auto id = client.send(wire::Open{.name = "never", .as = OpenAs::subscribe, .timeout = 60s});
  const auto cancel = client.send(wire::Cancel{.id = id});
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 2; ++i) {
    const auto message = client.receive();
    ASSERT_TRUE(message.has_value());
    const auto& reply = std::get<wire::Reply>(*message);
    order.push_back(reply.id);
    if (reply.id == id) {
      EXPECT_EQ(std::get<Error>(reply.body).code, Errc::cancelled);
    }
  }
  EXPECT_THAT(order, ::testing::UnorderedElementsAre(id, cancel));
}

TEST_P(DaemonTopic, PublisherPlaceIsWaitedForInTurn) {
  RawRole first = open_role(client, "a", OpenAs::publish);
  RawClient second(broker.socket());
  const auto waiting = second.send(wire::Open{.name = "a", .as = OpenAs::publish, .timeout = 20s});
  static_cast<void>(second.ask_for<wire::Welcome>(wire::Ping{}));
  const std::uint64_t handle = first.opened.handle;
  first = {};
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = handle}));
  const auto answer = second.reply(waiting);
  ASSERT_TRUE(std::holds_alternative<wire::Opened>(answer));
  EXPECT_EQ(std::get<wire::Opened>(answer).incarnation, is_masked() ? 2U : 1U);
}

TEST_P(DaemonTopic, ClosedHandleIsStale) {
  const RawRole role = open_role(client, "a", OpenAs::observe);
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  EXPECT_EQ(client.refusal(wire::Close{.handle = role.opened.handle}).code, Errc::stale);
}

TEST_P(DaemonTopic, RemovedNameIsToldAndFree) {
  const RawRole role = open_role(client, "a", OpenAs::subscribe);
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "a"}));
  const Event event = client.event();
  EXPECT_EQ(event.what, Event::What::removed);
  EXPECT_EQ(event.segment, "a");
  EXPECT_FALSE(client.ask_for<wire::Created>(small_topic("a")).existed);
  EXPECT_EQ(role.head().constants.magic.load(std::memory_order_acquire), layout::kMagic);
}

TEST_P(DaemonTopic, MemoryIsGivenBackWhenTheLastUserCloses) {
  const auto used = [&] { return client.ask_for<wire::Welcome>(wire::Ping{}).used_bytes; };
  RawRole role = open_role(client, "a", OpenAs::subscribe);
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "a"}));
  EXPECT_GT(used(), 0U);
  const std::uint64_t handle = role.opened.handle;
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = handle}));
  EXPECT_TRUE(eventually([&] { return used() == 0; }));
}

TEST_P(DaemonTopic, MemoryThatAWriterKeepsStaysCharged) {
  const auto used = [&] { return client.ask_for<wire::Welcome>(wire::Ping{}).used_bytes; };
  RawClient writer(broker.socket());
  RawRole role = open_role(writer, "a", OpenAs::publish);
  static_cast<void>(client.ask_for<wire::Done>(wire::Remove{.name = "a"}));
  static_cast<void>(writer.ask_for<wire::Done>(wire::Close{.handle = role.opened.handle}));
  EXPECT_TRUE(broker.wait_for_log("memory_kept"));
  EXPECT_GT(used(), 0U);
  role = {};
  writer.hang_up();
  EXPECT_TRUE(eventually([&] { return used() == 0; }));
}

TEST_P(DaemonTopic, LargeSchemaTravelsInASealedMemfdBothWays) {
  auto topic = small_topic("large");
  topic.options.schema.clear();
  for (int i = 0; i < 4096; ++i) {
    topic.options.schema.push_back({"tensor" + std::to_string(i), DType::float32, {4, 4}});
  }
  const std::string text = wire::encode_schema(topic.options.schema);
  const os::UniqueFd memfd(::memfd_create("schema", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::write(memfd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  auto request = topic;
  request.options.schema.clear();
  request.schema_in_fd = true;
  EXPECT_EQ(std::get<Error>(client.ask(request, {memfd.get()})).code, Errc::bad_request)
      << "not sealed";
  ASSERT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
  EXPECT_TRUE(std::holds_alternative<wire::Created>(client.ask(request, {memfd.get()})));

  const auto opened =
      client.ask_for<wire::Opened>(wire::Open{.name = "large", .as = OpenAs::observe});
  ASSERT_TRUE(opened.schema_fd.has_value());
  const int fd = client.fds().at(*opened.schema_fd).get();
  struct ::stat status{};
  ASSERT_EQ(::fstat(fd, &status), 0);
  std::string received(static_cast<std::size_t>(status.st_size), '\0');
  ASSERT_EQ(::pread(fd, received.data(), received.size(), 0), status.st_size);
  EXPECT_EQ(wire::decode_schema(received).value(), topic.options.schema);
  EXPECT_EQ(::fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);

  const auto inspected = client.ask_for<wire::Inspected>(wire::Inspect{.name = "large"});
  EXPECT_TRUE(inspected.schema_fd.has_value());
  const auto listed = client.ask_for<wire::Listed>(wire::List{.glob = "large"});
  EXPECT_EQ(listed.tensor_counts.at(0), 4096U);
}

TEST_P(DaemonTopic, CreateWithAMissingSchemaFdEndsTheSession) {
  RawClient rude(broker.socket());
  auto request = small_topic("b");
  request.schema_in_fd = true;
  EXPECT_EQ(rude.refusal(request).code, Errc::bad_request);
  rude.wait_for_end();
}

TEST_P(DaemonTopic, ListComesInPages) {
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(client.ask_for<wire::Created>(small_topic("s/" + std::to_string(i))));
  }
  std::vector<std::string> names;
  std::string after;
  for (;;) {
    const auto page = client.ask_for<wire::Listed>(wire::List{.glob = "s/*", .after = after});
    EXPECT_EQ(page.total, 101U);
    EXPECT_LE(page.segments.size(), wire::kMaxPageItems);
    ASSERT_FALSE(page.segments.empty());
    for (const SegmentInfo& info : page.segments) {
      names.push_back(info.name);
    }
    after = names.back();
    if (!page.more) {
      break;
    }
  }
  EXPECT_THAT(names, SizeIs(100));
  EXPECT_TRUE(std::ranges::is_sorted(names));
}

TEST_P(DaemonTopic, InspectPagesItsReaders) {
  RawClient other(broker.socket(), "viewer");
  for (int i = 0; i < 40; ++i) {
    static_cast<void>(other.ask_for<wire::Opened>(wire::Open{.name = "a"}));
  }
  std::size_t readers = 0;
  std::uint64_t after = 0;
  for (;;) {
    const auto page =
        client.ask_for<wire::Inspected>(wire::Inspect{.name = "a", .after_handle = after});
    EXPECT_EQ(page.info.users, 40U);
    for (const Reader& reader : page.info.readers) {
      EXPECT_EQ(reader.peer.name, "viewer");
      ++readers;
    }
    after = page.last_handle;
    if (!page.more) {
      break;
    }
  }
  EXPECT_EQ(readers, 40U);
}

TEST_P(DaemonTopic, HoldsAreShownByVersion) {
  RawClient other(broker.socket(), "viewer");
  const RawRole writer = open_role(client, "a", OpenAs::publish);
  const RawRole reader = open_role(other, "a", OpenAs::subscribe);
  const layout::SlotWord word{.version = 7, .phase = layout::Phase::ready};
  writer.head().slots[2].word.store(word.pack(), std::memory_order_release);
  writer.head().newest.latest.store(layout::Latest{.version = 7, .slot = 2}.pack(),
                                    std::memory_order_release);
  reader.bell().entry(reader.opened.entry).holds.store(4, std::memory_order_release);
  const auto held = client.ask_for<wire::HeldBy>(wire::Holders{.handle = writer.opened.handle});
  ASSERT_THAT(held.readers, SizeIs(1));
  EXPECT_EQ(held.readers[0].peer.name, "viewer");
  EXPECT_THAT(held.readers[0].held, ::testing::ElementsAre(7U));
  const auto info = client.ask_for<wire::Inspected>(wire::Inspect{.name = "a"}).info;
  EXPECT_EQ(info.version, 7U);
  EXPECT_EQ(info.slots_held, 1U);
}

TEST_P(DaemonTopic, BudgetAndMemoryAreRefusedWithNumbers) {
  auto topic = small_topic("large");
  topic.options.schema[0].shape = {std::int64_t{1} << 30U};
  const Error error = client.refusal(topic);
  EXPECT_EQ(error.code, Errc::quota);
  EXPECT_EQ(error.count, std::uint64_t{256} << 20U);
}

TEST_P(DaemonTopic, HugePagesAreMadeForLargeTopics) {
  auto topic = small_topic("large");
  topic.options.schema[0].shape = {3 << 20U};
  topic.options.terms.pages = Pages::huge;
  static_cast<void>(client.ask_for<wire::Created>(topic));
  const RawRole role = open_role(client, "large", OpenAs::observe);
  const auto begin = reinterpret_cast<std::uintptr_t>(role.data_map.data());
  EXPECT_EQ(begin % layout::kHugePageBytes, 0U);
  EXPECT_EQ(role.data_map.data()[role.data_map.size_bytes() - 1], std::byte{0});
}

TEST_P(DaemonTopic, LosslessLimitsCountBetweenUids) {
  auto topic = small_topic("kept");
  topic.options.retention = Retention::lossless;
  static_cast<void>(client.ask_for<wire::Created>(topic));
  const RawRole writer = open_role(client, "kept", OpenAs::publish);
  EXPECT_EQ(writer.opened.lag_limit_ms, 10'000U);
  const RawRole reader = open_role(client, "kept", OpenAs::subscribe);
  EXPECT_EQ(writer.head().registered[0].load(std::memory_order_acquire), 1U);
  EXPECT_EQ(writer.head().limited[0].load(std::memory_order_acquire), 0U) << "the same uid";
  const auto held = client.ask_for<wire::HeldBy>(wire::Holders{.handle = writer.opened.handle});
  EXPECT_THAT(held.readers, SizeIs(0)) << "nothing published, nobody lags";
}

}  // namespace
}  // namespace tenure::support
