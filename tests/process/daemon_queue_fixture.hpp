// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <atomic>
#include <string>

#include "tests/process/daemon_fixture.hpp"
#include "tests/process/raw_queue.hpp"
#include "tests/support/shared.hpp"

namespace tenure::support {

/// A broker with a queue "q" in it, which small_queue() describes.
class DaemonQueueTest : public DaemonTest {
 protected:
  void SetUp() override { created = client.ask_for<wire::Created>(small_queue("q")); }

  // A process that does something with a client of its own, says so, and hangs until it is killed.
  template <class Act>
  Child run_until_killed(Act act) {
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
  SegmentInfo inspect(const std::string& name = "q") {
    return client.ask_for<wire::Inspected>(wire::Inspect{.name = name}).info;
  }
  SegmentStat stat() { return client.ask_for<wire::Counted>(wire::Stat{.name = "q"}).stat; }
  std::uint64_t used_bytes() { return client.ask_for<wire::Welcome>(wire::Ping{}).used_bytes; }

  Shared<std::atomic<int>> ready;
  RawClient client{broker.socket()};
  wire::Created created;
};
}  // namespace tenure::support
