// SPDX-License-Identifier: Apache-2.0
// `push` and `pop`: files in, the same files out, and what becomes of bundles.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/process/cli_queue_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

TEST_F(CliQueue, PushAndPopKeepEveryBit) {
  EXPECT_EQ(ok({"push", "q", "x.npy", "--tag", "7"}), "q: lane 0, 1 tensor, 8 B\n");
  EXPECT_EQ(ok({"pop", "q", "-o", "y.npy"}), "y.npy: lane 0, x int64[1], 8 B\n");
  EXPECT_EQ(read("y.npy"), read("x.npy"));
  EXPECT_EQ(info().slots_held, 0U);
}

TEST_F(CliQueue, PushTakesTensorsByNameAndLeavesOthersOut) {
  ok({"create", "two", "raw:uint8:2x3", "x:float32:2x3", "--queue"});
  write_npy("raw.npy", DType::uint8, {2, 3});
  EXPECT_EQ(ok({"push", "two", "raw=raw.npy"}), "two: lane 0, 1 tensor, 6 B\n");
  EXPECT_EQ(ok({"pop", "two", "-o", "out/"}), "out/raw.npy: lane 0, raw uint8[2,3], 6 B\n");
  EXPECT_EQ(read("out/raw.npy"), read("raw.npy"));
}

TEST_F(CliQueue, PushSaysWhatItDidToPrograms) {
  const auto json =
      tool({"push", "q", "x.npy", "--lane", "1", "--tag", "7", "--finish", "--json"}).json();
  EXPECT_EQ(
      json,
      (nlohmann::json{
          {"name", "q"},
          {"lane", 1},
          {"tag", 7},
          {"finished", true},
          {"size_bytes", 8},
          {"tensors", {{{"name", "x"}, {"dtype", "int64"}, {"shape", {1}}, {"size_bytes", 8}}}}}));
}

TEST_F(CliQueue, PushReadsStandardInputAndPopWritesStandardOutput) {
  EXPECT_EQ(tool({"push", "q", "-"}, {.input = read("x.npy")}).status, 0);
  EXPECT_EQ(ok({"pop", "q", "-o", "-"}), read("x.npy"));
  EXPECT_EQ(tool({"pop", "q", "-o", "-", "--json"}).status, 2);
}

TEST_F(CliQueue, PushRefusesWhatDoesNotFit) {
  write_npy("long.npy", DType::int64, {2});
  const auto misfit = tool({"push", "q", "long.npy"});
  EXPECT_EQ(misfit.status, 1);
  EXPECT_THAT(misfit.errors, StartsWith("tenure: q: bad_request: "));
  EXPECT_THAT(misfit.errors, HasSubstr("hint: `tenure inspect q` shows what it takes\n"));
  EXPECT_THAT(tool({"push", "q", "y=x.npy"}).errors,
              StartsWith("tenure: q: not_found: no tensor \"y\" in this queue\n"));
  EXPECT_THAT(tool({"push", "q", "x.npy", "--lane", "2"}).errors,
              StartsWith("tenure: q: bad_request: lane: 2"));
  EXPECT_EQ(tool({"push", "none", "x.npy"}).status, 3);
  EXPECT_EQ(tool({"push", "q", "none.npy"}).status, 3);
  EXPECT_EQ(info().slots_held, 0U);
}

TEST_F(CliQueue, PushIsRefusedByAFullQueueOrWaits) {
  for (std::uint64_t tag = 1; tag <= 8; ++tag) {
    push(tag);
  }
  const auto full = tool({"push", "q", "x.npy"});
  EXPECT_EQ(full.status, 5);
  EXPECT_EQ(full.errors,
            "tenure: q: full: every slot is in use; `tenure queue q` shows by whom\n"
            "hint: --timeout 10s waits instead of being refused\n");
  const auto late = tool({"push", "q", "x.npy", "--timeout", "20ms"});
  EXPECT_EQ(late.status, 5);
  EXPECT_EQ(late.errors,
            "tenure: q: timed_out: every slot is in use: nobody has one, their bundles wait or are "
            "parked\nhint: add consumers, or create the queue with more slots\n");
  const auto waiting = start({"push", "q", "x.npy", "--timeout", "50s"});
  EXPECT_EQ(pop()["tag"], 1);
  EXPECT_EQ(waiting->wait(), 0) << waiting->errors();
}

TEST_F(CliQueue, PushEndsTheQueue) {
  EXPECT_EQ(ok({"push", "q", "x.npy", "--finish"}), "q: lane 0, 1 tensor, 8 B\nq: finished\n");
  const auto late = tool({"push", "q", "x.npy"});
  EXPECT_EQ(late.status, 9);
  EXPECT_EQ(late.errors,
            "tenure: q: finished: q has ended\n"
            "hint: it stays so: `tenure rm q`, then create it anew\n");
  EXPECT_EQ(tool({"push", "q", "--finish"}).status, 0);  // It stays so.
  EXPECT_EQ(tool({"pop", "q"}).status, 0);
  const auto drained = tool({"pop", "q", "--json"});
  EXPECT_EQ(drained.status, 9);
  EXPECT_EQ(drained.json()["error"]["code"], "finished");
  EXPECT_EQ(tool({"push", "q"}).status, 2);
}

TEST_F(CliQueue, PopShowsWhatItTook) {
  push(622);
  EXPECT_EQ(ok({"pop", "q", "--nack"}), "lane 0   x[1]   8 B   tag 622\n");
  const auto json = pop();
  EXPECT_EQ(json["lane"], 0);
  EXPECT_EQ(json["deliveries"], 2);
  EXPECT_EQ(json["tag"], 622);
  EXPECT_EQ(json["fate"], "acked");
  EXPECT_EQ(json["poisoned"], false);
  EXPECT_EQ(json["tensors"][0]["name"], "x");
  EXPECT_TRUE(json["files"].is_null());
  push(1);
  EXPECT_EQ(pop({"-o", "y.npy"})["files"][0]["file"], "y.npy");
}

TEST_F(CliQueue, PopOfNothingIsRefusedOrWaits) {
  const auto empty = tool({"pop", "q", "--lane", "1"});
  EXPECT_EQ(empty.status, 5);
  EXPECT_EQ(empty.errors,
            "tenure: q: empty: nothing waits in lane 1\n"
            "hint: --timeout 10s waits instead of being refused\n");
  const auto late = tool({"pop", "q", "--timeout", "20ms"});
  EXPECT_EQ(late.status, 5);
  EXPECT_EQ(late.errors, "tenure: q: timed_out: nothing came to lane 0\n");
  EXPECT_EQ(tool({"pop", "q", "--lane", "parked", "--timeout", "20ms"}).errors,
            "tenure: q: timed_out: nothing was parked\n");
  EXPECT_EQ(tool({"pop", "q", "--lane", "2"}).status, 1);
  const auto waiting = start({"pop", "q", "--json", "--timeout", "50s"});
  push(5);
  EXPECT_EQ(waiting->wait(), 0) << waiting->errors();
  EXPECT_THAT(waiting->output(), HasSubstr("\"tag\":5"));
}

TEST_F(CliQueue, PopDecidesWhatBecomesOfABundle) {
  push(1);
  EXPECT_EQ(pop({"--pass-on"})["fate"], "passed_on");
  EXPECT_EQ(info().lanes[1].depth, 1U);
  EXPECT_EQ(pop({"--lane", "1", "--nack"})["fate"], "nacked");
  EXPECT_EQ(info().lanes[1].again, 1U);
  EXPECT_EQ(pop({"--lane", "1", "--park"})["fate"], "parked");
  EXPECT_EQ(info().parked, 1U);
  push(2);
  EXPECT_EQ(pop({"--pass-on=1"})["tag"], 2);
  const auto no_lane = tool({"pop", "q", "--lane", "1", "--pass-on=1"});
  EXPECT_EQ(no_lane.status, 1);
  EXPECT_THAT(no_lane.errors, StartsWith("tenure: q: bad_request: lane: 1"));
  EXPECT_EQ(info().lanes[1].depth, 1U);
}

TEST_F(CliQueue, PopTakesNothingThatCannotBePassedOn) {
  push(1);
  const auto earlier = tool({"pop", "q", "--pass-on=0", "--json"});
  EXPECT_EQ(earlier.status, 1);
  EXPECT_EQ(earlier.json()["error"]["detail"], "lane: 0; lane 0 passes on to later ones of 2");
  EXPECT_EQ(tool({"pop", "q", "--pass-on=2"}).status, 1);
  EXPECT_EQ(tool({"pop", "q", "--lane", "1", "--pass-on"}).errors,
            "tenure: q: bad_request: lane: 2; lane 1 is the last of 2\n"
            "hint: --ack is done with it\n");
  EXPECT_THAT(tool({"pop", "q", "--lane", "2", "--pass-on"}).errors,
              HasSubstr("lane: 2; 0 to 1 are allowed"));
  EXPECT_EQ(tool({"pop", "q", "--lane", "parked", "--pass-on"}).status, 2);
  EXPECT_EQ(pop()["deliveries"], 1);
}

TEST_F(CliQueue, PopTakesSeveralInOrder) {
  for (std::uint64_t tag = 1; tag <= 5; ++tag) {
    push(tag);
  }
  const auto two = tool({"pop", "q", "--count", "2", "-o", "out/", "--json"}).json_lines();
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0]["files"][0]["file"], "out/000001/x.npy");
  EXPECT_EQ(two[1]["tag"], 2);
  EXPECT_EQ(read("out/000002/x.npy"), read("x.npy"));
  // Given back after all of them, or the first would be delivered again at once.
  EXPECT_EQ(tool({"pop", "q", "--count", "all", "--nack", "--json"}).json_lines().size(), 3U);
  const auto rest = tool({"pop", "q", "--count", "4", "--json"});
  EXPECT_EQ(rest.status, 5);
  ASSERT_EQ(rest.json_lines().size(), 4U);
  EXPECT_EQ(rest.json_lines()[0]["tag"], 3);
  EXPECT_EQ(rest.json_lines()[3]["error"]["code"], "empty");
  ok({"push", "q", "x.npy", "--finish"});
  const auto all = tool({"pop", "q", "--count", "all", "--timeout", "forever"});
  EXPECT_EQ(all.status, 0) << all.errors;
}

TEST_F(CliQueue, PopIsRefusedBeforeItTakesWhatCannotBeWritten) {
  ok({"create", "two", "raw:uint8:2", "x:uint8:2", "--queue"});
  write_npy("u.npy", DType::uint8, {2});
  ok({"push", "two", "raw=u.npy", "x=u.npy"});
  EXPECT_EQ(tool({"pop", "two", "-o", "one.npy"}).status, 2);
  EXPECT_EQ(tool({"pop", "two", "-o", "one.npy", "--tensor", "x", "--count", "2"}).status, 2);
  EXPECT_EQ(tool({"pop", "two", "--tensor", "y", "-o", "one.npy"}).status, 3);
  EXPECT_EQ(tool({"pop", "two", "--json"}).json()["deliveries"], 1);
}

TEST_F(CliQueue, PopGivesBackWhatItCouldNotWrite) {
  push(1);
  EXPECT_EQ(tool({"pop", "q", "-o", "no/such/place.npy"}).status, 3);
  EXPECT_EQ(tool({"pop", "q"}, {.output = "/dev/full"}).status, 1);
  EXPECT_EQ(pop()["deliveries"], 3);
}

TEST_F(CliQueue, PopThatIsInterruptedLosesNothing) {
  push(1);
  ASSERT_EQ(::mkfifo(path("pipe.npy").c_str(), 0600), 0);
  for (const int signal : {SIGINT, SIGKILL}) {
    const auto stuck = start({"pop", "q", "-o", "pipe.npy"});  // Nobody reads the pipe.
    ASSERT_TRUE(support::eventually([&] { return info().lanes[0].taken == 1; }));
    stuck->signal(signal);
    EXPECT_EQ(stuck->wait(), 128 + signal);
    ASSERT_TRUE(support::eventually([&] { return info().lanes[0].depth == 1; }));
  }
  EXPECT_EQ(pop()["deliveries"], 3);
}

TEST_F(CliQueue, PopThatWaitsEndsOnCtrlC) {
  const auto waiting = start({"pop", "q", "--timeout", "forever"});
  ASSERT_TRUE(support::eventually([&] { return info().lanes[0].sleepers == 1; }));
  waiting->signal(SIGINT);
  EXPECT_EQ(waiting->wait(), 130);
  ASSERT_TRUE(support::eventually([&] { return info().users == 0; }));
}

TEST_F(CliQueue, IsPushedAndPoppedByThoseWhoMayOnly) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can become another user";
  }
  ok({"create", "open", "x:int64:1", "--queue", "--mode", "0704"});
  const support::ToolOptions other{.directory = "/", .uid = 12345};
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"push", "open", path("x.npy")},
                                             {"push", "open", "--finish"},
                                             {"pop", "open"},
                                             {"parked", "open"}}) {
    const auto denied = tool(arguments, other);
    EXPECT_EQ(denied.status, 4) << arguments[0];
    EXPECT_THAT(denied.errors, StartsWith("tenure: open: denied: uid 12345 has r--, needs "));
  }
  EXPECT_EQ(tool({"queue", "open"}, other).status, 0);
  EXPECT_EQ(tool({"pop", "q"}, other).status, 3);
}

}  // namespace
}  // namespace tenure
