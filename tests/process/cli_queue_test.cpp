// SPDX-License-Identifier: Apache-2.0
// Queues by the tool: created, looked at, counted, watched.
#include <signal.h>

#include "tests/process/cli_queue_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

TEST_F(CliQueue, IsCreatedAndSaysSo) {
  EXPECT_THAT(ok({"create",
                  "digits",
                  "raw:uint8:64x8x8",
                  "x:float32:64x8x8",
                  "--queue",
                  "--lanes",
                  "2",
                  "--in-place",
                  "--drop-oldest"}),
              MatchesRegex("digits: queue, 64 slots of 20.0 KiB, 2 lanes, 1.[0-9] MiB reserved, "
                           "in_place, drop_oldest\n"));
  const SegmentInfo made = or_throw(connect().inspect("digits"));
  EXPECT_EQ(made.kind, Kind::queue);
  EXPECT_EQ(made.terms.lifetime, Lifetime::persistent);
  EXPECT_EQ(made.consume, Consume::in_place);
  EXPECT_EQ(made.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(made.lanes.size(), 2U);
  EXPECT_EQ(made.max_deliveries, 5U);
}

TEST_F(CliQueue, IsCreatedAgainIfItIsTheSame) {
  const std::vector<std::string> same{
      "create", "q", "x:int64:1", "--queue", "--slots", "8", "--lanes", "2"};
  EXPECT_EQ(tool(same).status, 0);
  std::vector<std::string> other = same;
  other.back() = "3";
  EXPECT_THAT(tool(other).errors, StartsWith("tenure: q: exists: "));
  EXPECT_THAT(tool({"create", "r", "x:int64:1", "--queue", "--lanes", "9"}).errors,
              StartsWith("tenure: r: bad_request: lanes: 9"));
  const auto json = tool({"create", "r", "x:int64:1", "--queue", "--repeatable", "--json"}).json();
  EXPECT_EQ(json["kind"], "queue");
  EXPECT_EQ(json["consume"], "repeatable");
  EXPECT_EQ(json["lanes"].size(), 1U);
  ok({"push", "q", "--finish"});
  EXPECT_THAT(ok(same), testing::EndsWith(", finished\n"));
}

TEST_F(CliQueue, IsListedWithWhatWaits) {
  EXPECT_THAT(ok({"ls", "q"}), HasSubstr("empty"));
  push(1);
  push(2);
  push(3);
  Client client = connect();
  Consumer consumer = or_throw(client.consumer("q"));
  const Item held = or_throw(consumer.pop(kNoWait));
  or_throw(or_throw(consumer.pop(kNoWait)).park());
  ok({"push", "q", "--finish"});
  EXPECT_THAT(ok({"ls", "q"}), HasSubstr("1 queued, 1 taken, 1 parked, finished"));
  const auto json = tool({"ls", "q", "--json"}).json()["segments"][0];
  EXPECT_EQ(json["lanes"][0]["depth"], 1);
  EXPECT_EQ(json["lanes"][0]["taken"], 1);
  EXPECT_EQ(json["parked"], 1);
  EXPECT_EQ(json["finished"], true);
}

TEST_F(CliQueue, IsInspectedWithWhoHasWhat) {
  push(1);
  push(2);
  Client client = connect();
  Consumer consumer = or_throw(client.consumer("q"));
  const Producer producer = or_throw(client.producer("q", {.lane = 1}));
  const Item held = or_throw(consumer.pop(kNoWait));
  const std::string text = ok({"inspect", "q"});
  EXPECT_THAT(text, HasSubstr("queue, read, wait, persistent, "));
  EXPECT_THAT(text, HasSubstr("8 of 8 B: 1 queued, 0 filling, 1 taken, 0 parked, 6 free\n"));
  EXPECT_THAT(text, HasSubstr("5 at most, then it is parked\n"));
  EXPECT_THAT(text, HasSubstr("0  1 queued, 1 taken"));
  EXPECT_THAT(text, HasSubstr("1  0 queued, 0 taken"));
  EXPECT_THAT(text,
              MatchesRegex(".*\nproducers +test \\(session [0-9]+, pid [0-9]+\\)  lane 1, "
                           "fills 0\nconsumers +test \\(session .*\\)  lane 0, has 1\n.*"));
  const auto json = tool({"inspect", "q", "--json"}).json();
  ASSERT_EQ(json["participants"].size(), 2U);
  EXPECT_EQ(json["participants"][0]["taken"], 1);
  EXPECT_EQ(json["participants"][0]["name"], "test");
  EXPECT_EQ(json["participants"][1]["produces"], true);
  EXPECT_EQ(json["participants"][1]["lane"], 1);
}

TEST_F(CliQueue, ShowsItsLanes) {
  push(1);
  push(2);
  push(3);
  Client client = connect();
  Consumer consumer = or_throw(client.consumer("q"));
  const Item held = or_throw(consumer.pop(kNoWait));
  or_throw(or_throw(consumer.pop(kNoWait)).park());
  EXPECT_THAT(ok({"queue", "q"}),
              MatchesRegex("LANE +QUEUED +AGAIN +TAKEN +OLDEST +IN +OUT +REDELIVERED +HELD BY *\n"
                           "0 +1 +0 +1 +[^ ]+( m?s)? +3 +2 +0 +test \\([0-9]+, pid [0-9]+\\) 1\n"
                           "1 +0 +0 +0 +- +0 +0 +0 +- *\n"
                           "parked +1 +- +- +- +- +- +- +- *\n"
                           "8 slots, 0 filling, 5 free\n"));
  const auto json = tool({"queue", "q", "--json"}).json();
  EXPECT_EQ(json["free"], 5);
  EXPECT_EQ(json["lanes"][0]["queued"], 3);
  EXPECT_EQ(json["participants"].size(), 1U);
  EXPECT_FALSE(json.contains("seconds"));
}

TEST_F(CliQueue, ShowsRatesPerInterval) {
  push(1);
  EXPECT_THAT(ok({"queue", "q", "--every", "10ms", "--count", "2"}),
              MatchesRegex("TIME +LANE +QUEUED +AGAIN +TAKEN +OLDEST +IN/s +OUT/s +REDELIVERED +"
                           "HELD BY *\n"
                           "([0-9:]+ +[01] +[01] +0 +0 +[^\n]+ +0.0 +0.0 +0 +- *\n)+"));
  const auto lines = tool({"queue", "q", "--every", "10ms", "--count", "2", "--json"}).json_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1]["lanes"][0]["depth"], 1);
  EXPECT_EQ(lines[1]["lanes"][0]["queued_per_s"], 0);
  EXPECT_GT(lines[1]["seconds"], 0);
}

TEST_F(CliQueue, SaysWhoDoesNotShowLanes) {
  ok({"create", "t", "x:int64:1"});
  ok({"create", "b", "--size", "64K"});
  for (const char* verb : {"queue", "pop", "parked"}) {
    const auto topic = tool({verb, "t"});
    EXPECT_EQ(topic.status, 1);
    EXPECT_EQ(topic.errors,
              "tenure: t: unsupported: it is a topic\n"
              "hint: `tenure put` publishes to a topic, `tenure get` reads it\n");
    EXPECT_THAT(tool({verb, "b"}).errors, StartsWith("tenure: b: unsupported: it is a buffer\n"));
    EXPECT_EQ(tool({verb, "none"}).status, 3);
    EXPECT_EQ(tool({verb, "none", "--timeout", "20ms"}).status, 5);
  }
}

TEST_F(CliQueue, PutAndGetNameTheVerbsInstead) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"put", "q", "x.npy"}, {"get", "q"}}) {
    const auto refused = tool(arguments);
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.errors,
              "tenure: q: unsupported: it is a queue\n"
              "hint: `tenure push` pushes to a queue, `tenure pop` takes from it\n");
  }
}

TEST_F(CliQueue, CountsWhatComesAndGoes) {
  push(1);
  push(2);
  EXPECT_EQ(tool({"pop", "q"}).status, 0);
  EXPECT_EQ(tool({"pop", "q", "--park"}).status, 0);
  EXPECT_THAT(ok({"stat", "q"}),
              MatchesRegex("NAME +IN +OUT +ACKED +REDELIVERED +PARKED +DROPPED +DISCARDED\n"
                           "q +2 +2 +1 +0 +1 +0 +0\n"));
  const auto json = tool({"stat", "q", "--json"}).json()["segments"][0];
  EXPECT_EQ(json["queued"], 2);
  EXPECT_EQ(json["acked"], 1);
  EXPECT_EQ(json["discarded"], 0);
  EXPECT_FALSE(json.contains("views"));
  const auto rates = tool({"stat", "q", "--every", "10ms", "--count", "1", "--json"}).json();
  EXPECT_EQ(rates["queued_per_s"], 0);
  EXPECT_EQ(rates["parked"], 0);
  ok({"create", "t", "x:int64:1"});
  EXPECT_THAT(ok({"stat", "*"}), MatchesRegex("NAME +PUBLISHED.*\nt .*\nNAME +IN .*\nq .*"));
}

class CliQueueWatch : public CliQueue {
 protected:
  // Watches "q", and a topic that is opened after it: when that can be seen, the queue was.
  std::unique_ptr<support::RunningTool> watch(std::vector<std::string> options) const {
    ok({"create", "topic", "x:int8:"});
    options.insert(options.begin(), {"watch", "*"});
    auto started = start(std::move(options));
    Client client = connect();
    EXPECT_TRUE(
        support::eventually([&] { return !or_throw(client.inspect("topic")).readers.empty(); }));
    return started;
  }
};

TEST_F(CliQueueWatch, PrintsALinePerChangeOfALane) {
  push(1);
  const auto tool = watch({"--count", "1"});
  push(2);
  EXPECT_THAT(
      tool->read_line().value_or("nothing"),
      MatchesRegex("q      lane 0   2 queued    0 taken    1 in    0 out   oldest [0-9]+ m?s"));
  EXPECT_EQ(tool->wait(), 0);
}

TEST_F(CliQueueWatch, TellsProgramsWhatComesAndGoes) {
  const auto watched = watch({"--json"});
  const auto next = [&] {
    return nlohmann::json::parse(watched->read_line().value_or("{}"), nullptr, false);
  };
  push(1);
  const auto first = next();
  EXPECT_EQ(first["name"], "q");
  EXPECT_EQ(first["event"], "lane");
  EXPECT_EQ(first["lane"], 0);
  EXPECT_EQ(first["depth"], 1);
  EXPECT_EQ(first["in"], 1);
  EXPECT_EQ(first["out"], 0);
  ASSERT_EQ(pop({"--park"})["fate"], "parked");
  nlohmann::json line = next();
  EXPECT_EQ(line["out"], 1);
  while (line["event"] == "lane") {  // It may have looked between the pop and the park.
    line = next();
  }
  EXPECT_EQ(line,
            (nlohmann::json{{"name", "q"}, {"event", "parked"}, {"parked", 1}, {"poisoned", 0}}));
  ok({"push", "q", "--finish"});
  EXPECT_EQ(next()["event"], "finished");
  ok({"rm", "q"});
  EXPECT_EQ(next()["event"], "removed");
  watched->signal(SIGINT);
  EXPECT_EQ(watched->wait(), 130);
}

TEST_F(CliQueue, WatchSaysThatItHadEnded) {
  ok({"push", "q", "--finish"});
  EXPECT_EQ(ok({"watch", "q", "--count", "1"}), "finished\n");
}

TEST_F(CliQueue, WatchEndsWithTheBroker) {
  const auto watch = start({"watch", "q"});
  ASSERT_EQ(::kill(broker_.pid(), SIGKILL), 0);
  EXPECT_EQ(watch->wait(), 6);
}

}  // namespace
}  // namespace tenure
