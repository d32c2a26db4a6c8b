// SPDX-License-Identifier: Apache-2.0
// What the data path leaves alone: the kernel, the heap, and lines that others read.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// This program's own, so that every allocation of the library is counted.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  return memory != nullptr ? memory : throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

constexpr int kCalls = 1000;
constexpr int kAllocated = 3;
constexpr int kRefused = 4;

// Runs `calls` in a process that the kernel kills at its next system call (seccomp's strict mode
// leaves it read, write and exit). `prepare` runs before, in that process.
template <class Prepare, class Calls>
int run_without_kernel(Prepare&& prepare, Calls&& calls) {
  support::Child child([&] {
    auto role = prepare();
    const std::uint64_t before = allocations;
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    const bool all = calls(role);
    const int status = !all ? kRefused : allocations != before ? kAllocated : 0;
    ::syscall(SYS_exit, status);
    return 0;
  });
  return child.wait(20s);
}

class TopicQuiet : public testing::Test {
 protected:
  void SetUp() override {
    or_throw(client_.create_topic("t", stamped_options(4096, 4)));
    publisher_.emplace(or_throw(client_.publisher("t")));
    or_throw(publish_stamped(*publisher_, 1));
  }
  [[nodiscard]] Subscriber subscriber() const {
    Client client = or_throw(Client::connect({.socket = broker_.socket(), .name = "quiet"}));
    Subscriber subscriber = or_throw(client.subscriber("t"));
    static_cast<void>(or_throw(subscriber.latest()));  // What is done once is done.
    return subscriber;
  }

  support::PrivateBroker broker_;
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "test"}));
  std::optional<Publisher> publisher_;
};

TEST_F(TopicQuiet, LatestEntersNoKernelAndAllocatesNothing) {
  const int status =
      run_without_kernel([&] { return subscriber(); },
                         [](Subscriber& subscriber) {
                           for (int i = 0; i < kCalls; ++i) {
                             auto view = subscriber.latest();
                             if (!view || !view->span<std::uint64_t>("stamp") || !view->release()) {
                               return false;
                             }
                           }
                           return true;
                         });
  EXPECT_EQ(status, 0);
}

TEST_F(TopicQuiet, NextThatFindsNothingEntersNoKernelAndAllocatesNothing) {
  const int status =
      run_without_kernel([&] { return subscriber(); },
                         [](Subscriber& subscriber) {
                           for (int i = 0; i < kCalls; ++i) {
                             if (subscriber.next(kNoWait).error().code != Errc::empty) {
                               return false;
                             }
                           }
                           return true;
                         });
  EXPECT_EQ(status, 0);
}

TEST_F(TopicQuiet, PublishEntersNoKernelAndAllocatesNothing) {
  const int status = run_without_kernel(
      [&] {
        Client client = or_throw(Client::connect({.socket = broker_.socket(), .name = "quiet"}));
        or_throw(client.create_topic("other", stamped_options(4096, 4)));
        Publisher publisher = or_throw(client.publisher("other"));
        or_throw(publish_stamped(publisher, 1));
        return publisher;
      },
      [](Publisher& publisher) {
        for (std::uint64_t version = 2; version < kCalls; ++version) {
          if (!publish_stamped(publisher, version)) {
            return false;
          }
        }
        return true;
      });
  EXPECT_EQ(status, 0);
}

// The test above must be able to fail.
TEST_F(TopicQuiet, ASystemCallWouldBeNoticed) {
  const int status = run_without_kernel([&] { return subscriber(); },
                                        [](Subscriber&) { return ::getppid() != 0; });
  EXPECT_EQ(status, 128 + SIGKILL);
  EXPECT_EQ(run_without_kernel([&] { return subscriber(); },
                               [](Subscriber&) {
                                 ::operator delete(::operator new(8));
                                 return true;
                               }),
            kAllocated);
}

}  // namespace
}  // namespace tenure::test
