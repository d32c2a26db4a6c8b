// SPDX-License-Identifier: Apache-2.0
// Pinned topics: what is locked stays locked as long as its last pin, and a refusal says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tenure/pin.hpp>
#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// VmLck of this process, in bytes.
std::uint64_t locked_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (std::uint64_t kibibytes = 0; word == "VmLck:" && status >> kibibytes) {
      return kibibytes * 1024;
    }
  }
  return ~std::uint64_t{0};
}

// From here on this process may lock so much and has no right to more. False if it cannot be had.
bool limit_memlock(std::uint64_t bytes) {
  const ::rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
  ::__user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<::__user_cap_data_struct, 2> rights{};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
      ::syscall(SYS_capget, &header, rights.data()) != 0) {
    return false;
  }
  rights[0].effective &= ~(1U << CAP_IPC_LOCK);
  return ::syscall(SYS_capset, &header, rights.data()) == 0;
}

class TopicPin : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
    or_throw(client_.create_topic("t", stamped_options(kBytes, 3)));
    const std::uint64_t before = locked_bytes();
    auto probe = pin(or_throw(client_.subscriber("t")), PinTo::memory);
    if (!probe) {
      GTEST_SKIP() << "this machine lets nobody lock a topic: " << probe.error().message();
    }
    size_bytes_ = locked_bytes() - before;
  }

  static constexpr std::size_t kBytes = 64 << 10U;
  std::uint64_t size_bytes_ = 0;  // Of the topic's data.
  support::PrivateBroker broker_;
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "test"}));
};

TEST_F(TopicPin, LocksAllSlotsUntilItIsDestroyed) {
  const std::uint64_t before = locked_bytes();
  const Publisher publisher = or_throw(client_.publisher("t"));
  EXPECT_GE(size_bytes_, 3 * kBytes);
  {
    const Pin pinned = or_throw(pin(publisher, PinTo::memory));
    EXPECT_EQ(locked_bytes(), before + size_bytes_);
  }
  EXPECT_EQ(locked_bytes(), before);
}

TEST_F(TopicPin, PinsOfOneMappingAddUp) {
  const std::uint64_t before = locked_bytes();
  const Subscriber subscriber = or_throw(client_.subscriber("t"));
  std::optional<Pin> one = or_throw(pin(subscriber, PinTo::memory));
  std::optional<Pin> two = or_throw(pin(subscriber, PinTo::memory));
  EXPECT_EQ(locked_bytes(), before + size_bytes_);
  one.reset();
  EXPECT_EQ(locked_bytes(), before + size_bytes_) << "the other one is alive";
  Pin moved = *std::move(two);
  two.reset();
  EXPECT_EQ(locked_bytes(), before + size_bytes_) << "it was moved from";
  moved = or_throw(pin(subscriber, PinTo::memory));
  EXPECT_EQ(locked_bytes(), before + size_bytes_);
}

TEST_F(TopicPin, OutlivesRoleAndClient) {
  const std::uint64_t before = locked_bytes();
  std::optional<Pin> pinned;
  {
    Client client = or_throw(Client::connect({.socket = broker_.socket(), .name = "gone"}));
    pinned = or_throw(pin(or_throw(client.publisher("t")), PinTo::memory));
  }
  EXPECT_EQ(locked_bytes(), before + size_bytes_);
  EXPECT_EQ(client_.publisher("t").error().code, Errc::has_publisher) << "the mapping is writable";
  std::thread([&] { pinned.reset(); }).join();
  EXPECT_EQ(locked_bytes(), before);
  EXPECT_TRUE(client_.publisher("t", {.timeout = 20s}));
}

TEST_F(TopicPin, LocksTheSlotsOfAQueue) {
  const std::uint64_t before = locked_bytes();
  or_throw(client_.create_queue("q", {.schema = {{"x", DType::uint8, {100'000}}}, .slots = 3}));
  const Consumer consumer = or_throw(client_.consumer("q"));
  {
    const Pin pinned = or_throw(pin(consumer, PinTo::memory));
    EXPECT_GE(locked_bytes(), before + 300'000);
  }
  EXPECT_EQ(locked_bytes(), before);
}

TEST_F(TopicPin, ReopenedRoleIsPinnedAnew) {
  const std::uint64_t before = locked_bytes();
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  std::optional<Pin> pinned = or_throw(pin(subscriber, PinTo::memory));
  or_throw(subscriber.reopen());
  const Pin anew = or_throw(pin(subscriber, PinTo::memory));
  EXPECT_EQ(locked_bytes(), before + 2 * size_bytes_) << "two mappings";
  pinned.reset();
  EXPECT_EQ(locked_bytes(), before + size_bytes_);
}

TEST_F(TopicPin, RefusedLockNamesTheLimitAndTheRemedy) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  Child child([&] {
    Client client = or_throw(Client::connect({.socket = broker_.socket(), .name = "limited"}));
    Publisher publisher = or_throw(client.publisher("t"));
    if (!limit_memlock(64 << 10U)) {
      return 77;
    }
    const auto refused = pin(publisher, PinTo::memory);
    if (refused || refused.error().code != Errc::no_memory || refused.error().count != 64 << 10U ||
        refused.error().sys_errno == 0) {
      return 1;
    }
    const std::string text = refused.error().detail + "\n" + refused.error().hint;
    if (::write(pipe[1], text.data(), text.size()) < 0 || locked_bytes() != 0) {
      return 2;
    }
    return or_throw(publish_stamped(publisher, 1)) == 1 ? 0 : 3;  // Nothing else fails.
  });
  const int status = child.wait(20s);
  if (status == 77) {
    GTEST_SKIP() << "the limit cannot be lowered here";
  }
  EXPECT_EQ(status, 0);
  std::array<char, 1024> text{};
  EXPECT_GT(::read(pipe[0], text.data(), text.size() - 1), 0);
  EXPECT_THAT(text.data(), StartsWith("t: mlock of "));
  EXPECT_THAT(text.data(), HasSubstr("RLIMIT_MEMLOCK allows 65536 bytes"));
  EXPECT_THAT(text.data(), HasSubstr("ulimit -l"));
  EXPECT_THAT(text.data(), HasSubstr("LimitMEMLOCK="));
  EXPECT_THAT(text.data(), HasSubstr("CAP_IPC_LOCK"));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(TopicPin, ForkedChildUnpinsNothing) {
  Publisher publisher = or_throw(client_.publisher("t"));
  std::optional<Pin> pinned = or_throw(pin(publisher, PinTo::memory));
  const std::uint64_t locked = locked_bytes();
  Child child([&] {
    const auto refused = pin(publisher, PinTo::memory);
    if (refused || refused.error().code != Errc::forked) {
      return 1;
    }
    pinned.reset();
    return 0;
  });
  EXPECT_EQ(child.wait(20s), 0);
  EXPECT_EQ(locked_bytes(), locked);
  or_throw(publish_stamped(publisher, 1));
}

TEST_F(TopicPin, EmptyHandleIsStale) {
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  const Subscriber moved = std::move(subscriber);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is the point.
  EXPECT_EQ(pin(subscriber, PinTo::memory).error().code, Errc::stale);
}

TEST_F(TopicPin, RefusedForCudaSaysWhatIsMissing) {
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  const auto refused = pin(subscriber);
  if (refused) {
    GTEST_SKIP() << "there is a CUDA device";
  }
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_THAT(refused.error().detail, StartsWith("t: "));
  EXPECT_THAT(refused.error().detail, HasSubstr("CUDA"));
  EXPECT_THAT(refused.error().hint, HasSubstr("PinTo::memory"));
  EXPECT_THAT(refused.error().message(), Not(HasSubstr("\n")));
  EXPECT_TRUE(pin(subscriber, PinTo::memory)) << "nothing else fails";
}

TEST_F(TopicPin, PinsForCudaAddUpWhereThereIsADevice) {
  const Publisher publisher = or_throw(client_.publisher("t"));
  auto one = pin(publisher);
  if (!one) {
    GTEST_SKIP() << "no device to pin for: " << one.error().message();
  }
  std::optional<Pin> two = or_throw(pin(publisher));
  two.reset();
  EXPECT_TRUE(pin(publisher));
}

}  // namespace
}  // namespace tenure::test
