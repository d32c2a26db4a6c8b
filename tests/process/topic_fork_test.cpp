// SPDX-License-Identifier: Apache-2.0
// A forked child inherits handles that it must not use: every call says so, nothing crashes,
// nothing of the parent's is touched, and reopen() works.
#include <gtest/gtest.h>

#include <dirent.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;

class TopicFork : public testing::Test {
 protected:
  void SetUp() override { or_throw(client_.create_topic("t", stamped_options(64, 4))); }

  support::PrivateBroker broker_;
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "parent"}));
};

#define EXPECT_FORKED(call)                                                     \
  if (auto refused = (call); refused || refused.error().code != Errc::forked) { \
    std::fprintf(stderr, "not forked: " #call "\n");                            \
    return 1;                                                                   \
  }

TEST_F(TopicFork, EveryCallInTheChildSaysForked) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  View view = or_throw(subscriber.latest());
  Draft draft = or_throw(publisher.draft());
  const Snapshot snapshot = or_throw(subscriber.snapshot());
  const int fd = or_throw(subscriber.fd());
  static_cast<void>(fd);
  Child child([&] {
    EXPECT_FORKED(client_.ping());
    EXPECT_FORKED(client_.list());
    EXPECT_FORKED(client_.publisher("t"));
    EXPECT_FORKED(client_.subscriber("t"));
    EXPECT_FORKED(client_.event(kNoWait));
    EXPECT_FORKED(publisher.draft());
    EXPECT_FORKED(publisher.publish(std::move(draft)));
    EXPECT_FORKED(publisher.wait());
    EXPECT_FORKED(subscriber.latest());
    EXPECT_FORKED(subscriber.next());
    EXPECT_FORKED(subscriber.snapshot());
    EXPECT_FORKED(subscriber.wait());
    EXPECT_FORKED(subscriber.fd());
    EXPECT_FORKED(view.tensor());
    EXPECT_FORKED(view.release());
    EXPECT_FORKED(draft.tensor("stamp"));
    EXPECT_FORKED(draft.set_note({}));
    return is_whole(snapshot, 1) ? 0 : 2;  // A copy is the child's own.
  });
  EXPECT_EQ(child.wait(20s), 0);
  EXPECT_TRUE(is_whole(view, 1));
  EXPECT_TRUE(view.release());
  or_throw(publisher.publish(std::move(draft)));
}

TEST_F(TopicFork, ChildMayDestroyWhatItInherited) {
  std::optional<Publisher> publisher = or_throw(client_.publisher("t"));
  std::optional<Subscriber> subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(*publisher, 1));
  std::optional<View> view = or_throw(subscriber->latest());
  std::optional<Draft> draft = or_throw(publisher->draft());
  or_throw(subscriber->fd());
  Child child([&] {
    view.reset();
    draft.reset();
    publisher.reset();
    subscriber.reset();
    {
      const Client gone = std::move(client_);
    }
    return 0;
  });
  EXPECT_EQ(child.wait(20s), 0);
  // The parent still holds everything.
  EXPECT_EQ(or_throw(client_.inspect("t")).users, 2U);
  EXPECT_EQ(or_throw(client_.inspect("t")).slots_held, 1U);
  EXPECT_TRUE(is_whole(*view, 1));
  or_throw(publisher->publish(*std::move(draft)));
}

TEST_F(TopicFork, ReopenedRolesWorkInTheChild) {
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  {
    Publisher publisher = or_throw(client_.publisher("t"));
    or_throw(publish_stamped(publisher, 1));
  }
  Child child([&] {
    or_throw(subscriber.reopen(10s));
    if (!is_whole(or_throw(subscriber.latest()), 1)) {
      return 1;
    }
    Client own = or_throw(Client::connect({.socket = broker_.socket(), .name = "child"}));
    Publisher publisher = or_throw(own.publisher("t", {.timeout = 10s}));
    return or_throw(publish_stamped(publisher, 2)) == 2 ? 0 : 2;
  });
  EXPECT_EQ(child.wait(20s), 0);
  if (const auto view = subscriber.latest(); !view) {
    EXPECT_TRUE(reopen_if_superseded(subscriber, view.error()));
  }
  EXPECT_TRUE(is_whole(or_throw(subscriber.latest()), 2));
}

bool maps_data_writable(const char* maps_path) {
  std::ifstream maps(maps_path);
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:") != std::string::npos && line.find("rw-s") != std::string::npos) {
      return true;
    }
  }
  return false;
}

// fds that lead to a memfd, of this process.
int count_memfds() {
  int count = 0;
  ::DIR* fds = ::opendir("/proc/self/fd");
  while (const ::dirent* entry = ::readdir(fds)) {
    std::array<char, 256> target{};
    const std::string path = std::string("/proc/self/fd/") + entry->d_name;
    if (::readlink(path.c_str(), target.data(), target.size() - 1) > 0 &&
        std::strstr(target.data(), "memfd:") != nullptr) {
      ++count;
    }
  }
  ::closedir(fds);
  return count;
}

// Half of the forks beside a mapping thread would inherit a writable fd without the fork lock.
TEST_F(TopicFork, NoChildInheritsWritableMemory) {
  ASSERT_TRUE(maps_data_writable("/proc/self/maps") == false);
  std::atomic<bool> stop{false};
  std::thread mapper([&] {
    while (!stop) {
      const Publisher publisher = or_throw(client_.publisher("t", {.timeout = 10s}));
    }
  });
  for (int i = 0; i < 200; ++i) {
    Child child([] {
      return maps_data_writable("/proc/self/maps") ? 1 : count_memfds() != 0 ? 2 : 0;
    });
    ASSERT_EQ(child.wait(20s), 0) << "fork " << i;
  }
  stop = true;
  mapper.join();
}

}  // namespace
}  // namespace tenure::test
