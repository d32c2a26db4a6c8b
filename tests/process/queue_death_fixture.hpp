// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/queue_fixture.hpp"
#include "tests/support/child.hpp"
#include "tests/support/shared.hpp"

namespace tenure::test {

/// What another process writes into its draft.
inline constexpr std::int64_t kDrafted = 99;

inline std::set<int> open_sockets() {
  std::set<int> sockets;
  for (int fd = 0; fd < 256; ++fd) {
    int type = 0;
    ::socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0) {
      sockets.insert(fd);
    }
  }
  return sockets;
}

/// Another process, and what it has. Lives in that process.
struct Other {
  explicit Other(const std::string& socket)
      : inherited(open_sockets()),
        client(or_throw(Client::connect({.socket = socket, .name = "other"}))) {}

  void draft(const std::string& name) {
    producer = or_throw(client.producer(name));
    drafts.push_back(or_throw(producer->draft(std::chrono::seconds(20))));
    or_throw(drafts.back().span<std::int64_t>("x"))[0] = kDrafted;
  }
  Item& pop(const std::string& name, std::size_t lane = 0) {
    consumer = or_throw(client.consumer(name, {.lane = lane}));
    items.push_back(or_throw(consumer->pop(std::chrono::seconds(20))));
    return items.back();
  }
  // Its handles stay; the broker hears nothing of it any more.
  void hang_up() const {
    for (const int fd : open_sockets()) {
      if (!inherited.contains(fd)) {
        ::shutdown(fd, SHUT_RDWR);
      }
    }
  }

  std::set<int> inherited;
  Client client;
  std::optional<Producer> producer = {};
  std::optional<Consumer> consumer = {};
  std::vector<Draft> drafts = {};
  std::vector<Item> items = {};
};

/// Something that it does.
using Act = std::function<void(Other&)>;

/// A queue that is open on this side, and other processes that are killed with something of it.
class QueueDeath : public QueueTest {
 protected:
  // Opens a fresh queue on this side.
  void start(const QueueOptions& options) {
    or_throw(client_.create_queue(name_, options));
    producer_ = or_throw(client_.producer(name_));
    consumer_ = or_throw(client_.consumer(name_));
  }

  // A process that has done `before` when this returns, does `after` when it is told to, and then
  // waits to be killed.
  support::Child other(const Act& before, const Act& after = nullptr) {
    *step_ = 0;
    support::Child child([=, this] {
      Other own(socket());
      before(own);
      *step_ = 1;
      while (*step_ != 2) {
        ::poll(nullptr, 0, 1);
      }
      after(own);
      *step_ = 3;
      for (;;) {
        ::pause();
      }
      return 0;
    });
    EXPECT_TRUE(support::eventually([&] { return *step_ == 1; }));
    return child;
  }
  void tell_it_to_go_on() {
    *step_ = 2;
    EXPECT_TRUE(support::eventually([&] { return *step_ == 3; }));
  }
  // A process that waits asleep in `verb`, which is not to return.
  support::Child sleeper(const Act& verb) {
    support::Child child([=, this] {
      Other own(socket());
      verb(own);
      return 1;
    });
    EXPECT_TRUE(support::eventually([&] { return sleepers() == 1; }));
    return child;
  }

  support::Child other_that_pops(std::size_t lane = 0) {
    return other([=, this](Other& own) { own.pop(name_, lane); });
  }
  support::Child other_that_drafts() {
    return other([this](Other& own) { own.draft(name_); });
  }
  support::Child other_that_changes() {
    return other(
        [this](Other& own) { or_throw(own.pop(name_).writable<std::int64_t>("x"))[0] = 8; });
  }

  SegmentInfo look() { return or_throw(client_.inspect(name_)); }
  Lane lane(std::size_t index = 0) { return look().lanes.at(index); }
  std::size_t sleepers() { return lane().sleepers; }
  // Until the broker has moved on what the dead had.
  void expect_again() {
    EXPECT_TRUE(support::eventually([&] { return lane().again == 1; }));
  }
  void expect_parked() {
    EXPECT_TRUE(support::eventually([&] { return look().parked == 1; }));
  }

  support::Shared<std::atomic<int>> step_;
  std::optional<Producer> producer_;
  std::optional<Consumer> consumer_;
};

}  // namespace tenure::test
