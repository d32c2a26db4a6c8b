// SPDX-License-Identifier: Apache-2.0
// Publishers and subscribers killed at random moments: versions only grow, survivors go on, and
// nothing is left over.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shared.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;

constexpr int kRounds = 100;
constexpr std::size_t kReaders = 3;

struct Report {
  std::atomic<std::uint64_t> published;  // The highest version that a publisher was told of.
  std::array<std::atomic<std::uint64_t>, kReaders> seen;
  std::atomic<std::uint64_t> violations;
};

int publish_for_ever(const std::string& socket, Report& report) {
  Client client = or_throw(Client::connect({.socket = socket, .name = "publisher"}));
  Publisher publisher = or_throw(client.publisher("kill", {.timeout = 20s}));
  std::uint64_t version = report.published;
  for (;;) {
    // Its predecessor may have died after the commit, before it could say so.
    auto draft = or_throw(publisher.draft(20s));
    auto words = or_throw(draft.span<std::uint64_t>("stamp"));
    const std::uint64_t before = version;
    std::ranges::fill(words, before + 1);
    or_throw(draft.set_note({.tag = before + 1}));
    version = or_throw(publisher.publish(std::move(draft)));
    if (version <= before || version > before + 2) {
      report.violations.fetch_add(1);
    }
    report.published.store(version);
  }
}

// All words of a bundle alike, and like its tag. The stamp may be one behind the version, once
// after each death of a publisher.
bool is_one_bundle(const Bundle& bundle) {
  return is_whole(bundle, bundle.note().tag);
}

int read_for_ever(const std::string& socket, std::size_t which, Report& report) {
  Client client = or_throw(Client::connect({.socket = socket, .name = "reader"}));
  Subscriber subscriber = or_throw(client.subscriber("kill", {.timeout = 20s}));
  std::uint64_t last = 0;
  for (;;) {
    auto view = which == 0 ? subscriber.latest() : subscriber.next(20s);
    if (!view) {
      const bool is_fine =
          view.error().code == Errc::empty || reopen_if_superseded(subscriber, view.error());
      report.violations.fetch_add(is_fine ? 0 : 1);
      continue;
    }
    const bool grows = which == 0 ? view->version() >= last : view->version() > last;
    last = view->version();
    if (!grows || !is_one_bundle(*view) || !view->release()) {
      report.violations.fetch_add(1);
    }
    report.seen[which].store(last);
  }
}

std::size_t count_fds(pid_t pid) {
  const std::filesystem::directory_iterator fds("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
}

class TopicKill : public testing::TestWithParam<Retention> {};

TEST_P(TopicKill, SurvivorsGoOnAndNothingIsLeftOver) {
  const support::PrivateBroker broker;
  const support::Shared<Report> report;
  std::mt19937_64 random(random_seed());
  Client client = or_throw(Client::connect({.socket = broker.socket()}));
  const std::size_t fds_before = count_fds(broker.pid());
  TopicOptions options = stamped_options(4096, 5);
  options.retention = GetParam();
  or_throw(client.create_topic("kill", options));

  Child publisher;
  std::array<Child, kReaders> readers;
  const auto start_publisher = [&] {
    publisher = Child([&] { return publish_for_ever(broker.socket(), *report); });
  };
  const auto start_reader = [&](std::size_t which) {
    readers.at(which) = Child([&] { return read_for_ever(broker.socket(), which, *report); });
  };
  start_publisher();
  for (std::size_t which = 0; which < kReaders; ++which) {
    start_reader(which);
  }
  for (int round = 0; round < kRounds; ++round) {
    ::usleep(static_cast<useconds_t>(random() % 8000));  // The moment of the kill.
    const std::size_t victim = random() % (kReaders + 1);
    if (victim == kReaders) {
      publisher.kill();
      start_publisher();
    } else {
      readers.at(victim).kill();
      start_reader(victim);
    }
    // Everybody gets further, the survivors and the new one.
    const std::uint64_t published = report->published;
    ASSERT_TRUE(support::eventually([&] { return report->published > published + 3; }, 30s))
        << "round " << round << ", stuck at v" << published;
    for (std::size_t which = 0; which < kReaders; ++which) {
      ASSERT_TRUE(support::eventually([&] { return report->seen[which] > published; }, 30s))
          << "round " << round << ", reader " << which;
    }
  }
  publisher.kill();
  for (Child& reader : readers) {
    reader.kill();
  }
  EXPECT_EQ(report->violations, 0U);

  ASSERT_TRUE(support::eventually([&] { return or_throw(client.inspect("kill")).users == 0; }));
  const SegmentInfo info = or_throw(client.inspect("kill"));
  EXPECT_FALSE(info.publisher);
  EXPECT_EQ(info.slots_held, 0U);
  EXPECT_TRUE(info.readers.empty());
  // Every slot can be used again. In a process of its own: where leases are masked, memory is given
  // back only after the death of everybody who could have written it.
  Child last([&] {
    Client own = or_throw(Client::connect({.socket = broker.socket()}));
    Publisher next = or_throw(own.publisher("kill", {.timeout = 20s}));
    for (int i = 0; i < 10; ++i) {
      static_cast<void>(or_throw(next.draft(kNoWait)));
      or_throw(publish_stamped(next, 0));
    }
    return 0;
  });
  EXPECT_EQ(last.wait(30s), 0);
  or_throw(client.remove("kill"));
  EXPECT_TRUE(support::eventually([&] { return count_fds(broker.pid()) == fds_before; }))
      << count_fds(broker.pid()) << " fds, " << fds_before << " before";
}

INSTANTIATE_TEST_SUITE_P(Retentions,
                         TopicKill,
                         testing::Values(Retention::overwrite, Retention::lossless),
                         [](const auto& kind) {
                           return std::string(kind.param == Retention::overwrite ? "Overwrite"
                                                                                 : "Lossless");
                         });

}  // namespace
}  // namespace tenure::test
