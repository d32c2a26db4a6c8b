// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/topic_memory.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "daemon/shm/memory_limit.hpp"
#include "proto/os/kernel.hpp"
#include "tests/support/child.hpp"
#include "tests/support/shared.hpp"

namespace tenure::shm {
namespace {

using wire::OpenAs;

TopicSpec small_spec() {
  return {.name = "a",
          .segment_id = 1,
          .slot_stride_bytes = 4096,
          .head_bytes = 8192,
          .bell_bytes = 8192,
          .data_bytes = 4 * 4096,
          .pages = Pages::small};
}

class TopicMemoryTest : public ::testing::Test {
 protected:
  std::shared_ptr<TopicMemory> memory = TopicMemory::make(small_spec()).value();
};

// Asks whether a writer is left.
class WriterCheckTest : public TopicMemoryTest {
 protected:
  void SetUp() override {
    if (!os::is_unmasked(os::Feature::lease)) {
      GTEST_SKIP() << "leases are masked: every check counts as failed";
    }
  }
};

TEST_F(WriterCheckTest, FreshMemoryHasNoWriter) {
  EXPECT_EQ(memory->writers(), Writers::none);
}

TEST_F(WriterCheckTest, ReadersAreNoWriters) {
  const auto parts = memory->grant(OpenAs::subscribe);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(memory->writers(), Writers::none);
}

TEST_F(TopicMemoryTest, ReadersShareOneDescription) {
  const auto one = memory->grant(OpenAs::observe);
  const auto two = memory->grant(OpenAs::observe);
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_EQ(one->front().fd, two->front().fd);
}

TEST_F(WriterCheckTest, WriterIsSeenByItsFd) {
  {
    const auto parts = memory->grant(OpenAs::publish);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(memory->writers(), Writers::some);
  }
  EXPECT_EQ(memory->writers(), Writers::none);
}

TEST_F(WriterCheckTest, WriterIsSeenByItsMappingAlone) {
  os::Mapping mapping;
  {
    const auto parts = memory->grant(OpenAs::publish);
    ASSERT_TRUE(parts.has_value());
    mapping =
        os::Mapping::map(parts->front().fd->get(), 0, 4096, os::Protection::read_write).value();
  }
  EXPECT_EQ(memory->writers(), Writers::some);
  mapping = os::Mapping();
  EXPECT_EQ(memory->writers(), Writers::none);
}

TEST_F(WriterCheckTest, ForkedChildIsNoWriter) {
  auto parts = memory->grant(OpenAs::publish).value();
  support::Child child([] {
    for (;;) {
      ::pause();
    }
    return 0;
  });
  EXPECT_EQ(memory->writers(), Writers::some);
  parts.clear();  // As when the answer was sent.
  // The child closes its copies first thing, but who knows when it first runs.
  EXPECT_TRUE(support::eventually([&] { return memory->writers() == Writers::none; }));
}

TEST_F(WriterCheckTest, WriterCheckSurvivesOpensMeanwhile) {
  const auto parts = memory->grant(OpenAs::observe);
  ASSERT_TRUE(parts.has_value());
  const std::string path =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(parts->front().fd->get());
  const support::Shared<std::atomic<std::uint64_t>> opens;
  support::Child child([&] {
    for (;;) {
      const int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
      if (fd >= 0) {
        ::close(fd);
      } else if (errno != EAGAIN) {
        return errno;  // No permission to try: the test says so.
      }
      opens->fetch_add(1, std::memory_order_relaxed);  // relaxed: a count of its own
    }
  });
  int none = 0;
  ASSERT_TRUE(support::eventually([&] {
    for (int i = 0; i < 1000; ++i) {
      none += memory->writers() == Writers::none ? 1 : 0;
    }
    return opens->load(std::memory_order_relaxed) > 2000 && none > 0;
  })) << opens->load(std::memory_order_relaxed)
      << " opens, status " << child.wait(std::chrono::milliseconds(1));
  child.kill();
  EXPECT_EQ(memory->writers(), Writers::none);
}

TEST_F(WriterCheckTest, RetiredMemoryIsEmptyForWhoKeptIt) {
  const auto parts = memory->grant(OpenAs::observe);
  ASSERT_TRUE(parts.has_value());
  const auto kept =
      os::Mapping::map(parts->front().fd->get(), 0, 8192, os::Protection::read).value();
  EXPECT_NE(kept.data()[1], std::byte{0}) << "the magic number";
  EXPECT_EQ(memory->retire(), Writers::none);
  EXPECT_EQ(kept.data()[1], std::byte{0});
}

TEST_F(TopicMemoryTest, CountersOfEndedSubscribersStay) {
  const auto parts = memory->grant(OpenAs::subscribe).value();
  const auto bell_map =
      os::Mapping::map(parts.back().fd->get(), 0, 8192, os::Protection::read_write).value();
  auto& bell = *reinterpret_cast<layout::TopicBell*>(bell_map.data());
  memory->register_subscriber(3, false);
  bell.entry(3).views.store(5, std::memory_order_relaxed);
  bell.entry(3).torn.store(1, std::memory_order_relaxed);
  EXPECT_EQ(memory->stat().views, 5U);
  memory->end_subscriber(3);
  EXPECT_EQ(memory->stat().views, 5U);
  EXPECT_EQ(memory->stat().torn, 1U);
  EXPECT_EQ(bell.entry(3).views.load(std::memory_order_relaxed), 0U);
}

// The kernel would not refuse it: it would start to reserve, and kill when nothing is left.
TEST_F(TopicMemoryTest, MoreThanIsAvailableIsRefusedBeforehand) {
  TopicSpec spec = small_spec();
  spec.data_bytes = std::uint64_t{1} << 62U;
  const auto made = TopicMemory::make(spec);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::no_memory);
  EXPECT_THAT(made.error().detail, ::testing::HasSubstr("available by"));
}

TEST(MemoryLimit, IsThereAndSaysWhere) {
  const MemoryLimit limit = memory_limit();
  EXPECT_GT(limit.bytes, std::uint64_t{1} << 20U);
  EXPECT_FALSE(limit.source.empty());
}

}  // namespace
}  // namespace tenure::shm
