// SPDX-License-Identifier: Apache-2.0
// A publisher flat out against readers in other processes: nothing torn, nobody sleeps through a
// publish, versions only grow.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"
#include "tests/support/shared.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;

enum class How : std::uint8_t { latest, next, snapshot };

struct Case {
  How how;
  std::size_t slots;
  std::size_t size_bytes;
};

struct Report {
  std::atomic<bool> stop;
  std::atomic<std::uint64_t> published;
  std::atomic<std::uint64_t> read;
  std::atomic<std::uint64_t> starved;  // Snapshots that gave up: allowed, and counted.
  std::atomic<std::uint64_t> torn;
  std::atomic<std::uint64_t> went_back;
  std::atomic<std::uint64_t> overslept;
};

Client connect(const std::string& socket) {
  return or_throw(Client::connect({.socket = socket, .name = "stress", .timeout = 20s}));
}

int publish_flat_out(const std::string& socket, Report& report) {
  Client client = connect(socket);
  Publisher publisher = or_throw(client.publisher("stress", {.timeout = 20s}));
  for (std::uint64_t version = 1; !report.stop.load(std::memory_order_relaxed); ++version) {
    if (or_throw(publish_stamped(publisher, version)) != version) {
      return 1;
    }
    report.published.store(version, std::memory_order_relaxed);
  }
  return 0;
}

void judge(const Bundle& bundle, std::uint64_t version, std::uint64_t& last, Report& report) {
  report.read.fetch_add(1, std::memory_order_relaxed);
  report.torn.fetch_add(is_whole(bundle, version) ? 0 : 1, std::memory_order_relaxed);
  report.went_back.fetch_add(version < last ? 1 : 0, std::memory_order_relaxed);
  last = version;
}

// One read; false if it was no read.
bool read_view(Result<View> view, std::uint64_t& last, Report& report) {
  if (!view) {
    report.torn.fetch_add(view.error().code == Errc::torn ? 1 : 0, std::memory_order_relaxed);
    return false;
  }
  judge(*view, view->version(), last, report);
  report.torn.fetch_add(view->release() ? 0 : 1, std::memory_order_relaxed);
  return true;
}

void read_snapshot(Subscriber& subscriber,
                   Snapshot& snapshot,
                   std::uint64_t& last,
                   Report& report) {
  auto taken = subscriber.snapshot(std::move(snapshot));
  if (!taken) {
    report.starved.fetch_add(taken.error().code == Errc::torn ? 1 : 0, std::memory_order_relaxed);
    return;
  }
  snapshot = *std::move(taken);
  judge(snapshot, snapshot.version(), last, report);
}

int read_flat_out(const std::string& socket, How how, Report& report) {
  Client client = connect(socket);
  Subscriber subscriber = or_throw(client.subscriber(
      "stress", {.access = how == How::snapshot ? Access::observe : Access::subscribe}));
  Snapshot snapshot;
  std::uint64_t last = 0;
  while (!report.stop.load(std::memory_order_relaxed)) {
    if (auto waited = subscriber.wait(10s); !waited) {
      // The publisher that ends the test is let in to fresh memory where leases are masked.
      const bool is_fenced = reopen_if_superseded(subscriber, waited.error());
      report.overslept.fetch_add(is_fenced ? 0 : 1, std::memory_order_relaxed);
      continue;
    }
    if (how == How::snapshot) {
      read_snapshot(subscriber, snapshot, last, report);
    } else {
      read_view(how == How::latest ? subscriber.latest() : subscriber.next(10s), last, report);
    }
  }
  return 0;
}

class TopicStress : public testing::TestWithParam<Case> {};

TEST_P(TopicStress, TearsNothingAndWakesEverybody) {
  const Case& test = GetParam();
  const support::PrivateBroker broker;
  const support::Shared<Report> report;
  Client client = connect(broker.socket());
  or_throw(client.create_topic("stress", stamped_options(test.size_bytes, test.slots)));
  std::vector<Child> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] { return read_flat_out(broker.socket(), test.how, *report); });
  }
  Child publisher([&] { return publish_flat_out(broker.socket(), *report); });
  const auto enough = std::chrono::steady_clock::now() + 1500ms;
  EXPECT_TRUE(support::eventually([&] {
    return std::chrono::steady_clock::now() > enough && report->published > 20 &&
           report->read + report->starved > 20;
  })) << "published "
      << report->published << ", read " << report->read;
  report->stop = true;
  // The readers wait at most 10 s for a publish that does not come any more.
  EXPECT_EQ(publisher.wait(20s), 0);
  Publisher last = or_throw(client.publisher("stress", {.timeout = 20s}));
  or_throw(publish_stamped(last, report->published + 1));
  for (Child& reader : readers) {
    EXPECT_EQ(reader.wait(20s), 0);
  }
  EXPECT_EQ(report->torn, 0U);
  EXPECT_EQ(report->went_back, 0U);
  EXPECT_EQ(report->overslept, 0U);
  EXPECT_EQ(or_throw(client.stat("stress")).torn, 0U);
  RecordProperty("published", std::to_string(report->published));
  RecordProperty("read", std::to_string(report->read));
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::size_t size : {8U, 64U, 4096U, 1U << 20U, 16U << 20U}) {
    for (const std::size_t slots : {1U, 2U, 3U, 4U, 8U}) {
      all.push_back({.how = How::snapshot, .slots = slots, .size_bytes = size});
    }
    for (const std::size_t slots : {3U, 4U, 8U}) {
      const How how = slots == 4 ? How::next : How::latest;
      all.push_back({.how = how, .slots = slots, .size_bytes = size});
    }
  }
  return all;
}

std::string name_case(const testing::TestParamInfo<Case>& info) {
  const char* how = info.param.how == How::snapshot ? "Snapshot"
                    : info.param.how == How::next   ? "Next"
                                                    : "Latest";
  return std::string(how) + "K" + std::to_string(info.param.slots) + "Bytes" +
         std::to_string(info.param.size_bytes);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TopicStress, testing::ValuesIn(cases()), name_case);

}  // namespace
}  // namespace tenure::test
