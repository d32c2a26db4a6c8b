// SPDX-License-Identifier: Apache-2.0
// Regions of buffers lent to commands: `borrow` and `freeze`.
#include <signal.h>
#include <sys/resource.h>

#include "tests/process/cli_buffer_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class CliLend : public CliBuffer {};

TEST_F(CliLend, ACommandWritesItsRegionAndAnotherReadsIt) {
  EXPECT_EQ(ok(with("borrow", "0..8K", "printf 'in the first page' >&$FD")), "");
  EXPECT_EQ(ok(with("freeze", "0..8K", "head -c 17 <&$FD")), "in the first page");
  EXPECT_TRUE(tokens()["tokens"].empty());
  // Two grains of a page each, at their places.
  EXPECT_THAT(ok(with("freeze", "4K..12K", "echo $TENURE_REGION")),
              MatchesRegex("[0-9]+:0:4096:4096;[0-9]+:0:8192:4096\n"));
}

TEST_F(CliLend, AReadersDescriptorCannotBeWritten) {
  const auto refused = tool(with("freeze", "0..4K", "printf x >&$FD"));
  EXPECT_NE(refused.status, 0);
  EXPECT_EQ(ok(with("freeze", "0..4K", "head -c 1 <&$FD | od -An -c")), "  \\0\n");
}

TEST_F(CliLend, TheStatusIsThatOfTheCommand) {
  EXPECT_EQ(tool(with("borrow", "0..4K", "exit 7")).status, 7);
  EXPECT_EQ(tool(with("freeze", "0..4K", "exit 7")).status, 7);
  EXPECT_EQ(tool(with("freeze", "0..4K", "kill -TERM $$")).status, 128 + SIGTERM);
  EXPECT_TRUE(tokens()["tokens"].empty());
  EXPECT_TRUE(tokens()["poisoned"].empty());
}

TEST_F(CliLend, OthersSeeTheCommandAndAreRefusedMeanwhile) {
  const auto holder = start({"borrow", "pool", "0..8K", "--", "sh", "-c", "echo up; sleep 60"});
  ASSERT_EQ(holder->read_line(), "up");
  EXPECT_EQ(tokens()["tokens"][0]["holder"]["name"], "sh");
  EXPECT_EQ(tokens()["tokens"][0]["state"], "attached");
  const auto refused = tool({"borrow", "pool", "0..64K", "--", "true"});
  EXPECT_EQ(refused.status, 5);
  EXPECT_THAT(
      refused.errors,
      MatchesRegex("tenure: pool: held: \\[0, 8192\\) is borrowed by sh \\(session [0-9]+, pid "
                   "[0-9]+\\)\n"
                   "hint: --timeout 10s waits; `tenure tokens pool` shows who holds what\n"));
  const auto late = tool({"--timeout", "50ms", "freeze", "pool", "0..4K", "--", "true"});
  EXPECT_EQ(late.status, 5);
  EXPECT_THAT(late.errors, StartsWith("tenure: pool: timed_out: "));
}

TEST_F(CliLend, WaitsForItsTurn) {
  const auto holder = start({"borrow", "pool", "0..8K", "--", "sh", "-c", "echo up; read line"});
  ASSERT_EQ(holder->read_line(), "up");  // Its standard input is at its end.
  EXPECT_EQ(tool({"--timeout", "30s", "borrow", "pool", "0..4K", "--", "true"}).status, 0);
}

TEST_F(CliLend, AKilledCommandLeavesItsRegionPoisoned) {
  const auto killed = tool(with("borrow", "0..8K", "kill -9 $$"));
  EXPECT_EQ(killed.status, 128 + SIGKILL);
  EXPECT_EQ(killed.errors,
            "tenure: pool: poisoned: 0..8K: signal 9 ended the command, half-way perhaps\n"
            "hint: `tenure borrow --acknowledge` takes it as it is\n");
  ASSERT_TRUE(support::eventually([&] { return tokens()["tokens"].empty(); }));
  EXPECT_EQ(tokens()["poisoned"][0]["end"], 2 * kPage);
  EXPECT_EQ(ok({"tokens", "pool"}), "no tokens\npoisoned: 0..8K\n");
  EXPECT_THAT(ok({"map", "pool"}), HasSubstr("╳╳╳╳╳╳╳╳─"));
  EXPECT_EQ(tool({"freeze", "pool", "0..4K", "--", "true"}).status, 8);
  EXPECT_EQ(tool({"borrow", "pool", "0..4K", "--", "true"}).status, 8);
  EXPECT_EQ(tool({"borrow", "--acknowledge", "pool", "0..8K", "--", "true"}).status, 0);
  EXPECT_EQ(tool({"freeze", "pool", "0..8K", "--", "true"}).status, 0);
}

TEST_F(CliLend, SignalsReachTheCommand) {
  const auto holder =
      start({"borrow",
             "pool",
             "0..4K",
             "--",
             "sh",
             "-c",
             "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.01; done"});
  ASSERT_EQ(holder->read_line(), "up");
  holder->signal(SIGTERM);
  EXPECT_EQ(holder->wait(), 3);
  EXPECT_THAT(holder->output(), HasSubstr("asked"));
  EXPECT_TRUE(tokens()["poisoned"].empty());
}

TEST_F(CliLend, AKilledToolLeavesItsRegionPoisoned) {
  const auto holder =
      start({"borrow", "pool", "0..4K", "--", "sh", "-c", "echo $$; exec sleep 60"});
  const pid_t command = std::stoi(holder->read_line().value_or("0"));
  ASSERT_GT(command, 0);
  holder->signal(SIGKILL);
  EXPECT_TRUE(support::eventually([&] { return tokens()["poisoned"].size() == 1; }));
  EXPECT_EQ(tool({"borrow", "--acknowledge", "pool", "0..4K", "--", "true"}).status, 0);
  ::kill(command, SIGKILL);
}

TEST_F(CliLend, WhatACommandLeavesRunningIsNotTrusted) {
  if (!os::is_unmasked(os::Feature::lease)) {
    GTEST_SKIP() << "leases are masked: nobody is asked";
  }
  const auto left = tool(with("borrow", "0..4K", "sleep 60 >/dev/null 2>&1 & echo $!"));
  EXPECT_EQ(left.status, 5);
  EXPECT_THAT(left.errors, StartsWith("tenure: pool: still_mapped: "));
  EXPECT_TRUE(support::eventually([&] { return tokens()["poisoned"].size() == 1; }));
  // Fresh memory: what the other one still writes reaches nobody.
  EXPECT_EQ(tool({"borrow", "--acknowledge", "pool", "0..4K", "--", "true"}).status, 0);
  EXPECT_EQ(tool({"stat", "pool", "--json"}).json()["segments"][0]["moved"], 1);
  ::kill(static_cast<pid_t>(std::stoi(left.output)), SIGKILL);
}

TEST_F(CliLend, TheCommandsOwnFailureIsToldFirst) {
  if (!os::is_unmasked(os::Feature::lease)) {
    GTEST_SKIP() << "leases are masked: nobody is asked";
  }
  const auto left = tool(with("borrow", "0..4K", "sleep 60 >/dev/null 2>&1 & echo $!; exit 9"));
  EXPECT_EQ(left.status, 9);
  EXPECT_THAT(left.errors, StartsWith("tenure: pool: still_mapped: "));
  ::kill(static_cast<pid_t>(std::stoi(left.output)), SIGKILL);
  const auto killed = tool({"borrow", "pool", "4K..8K", "--json", "--", "sh", "-c", "kill -9 $$"});
  EXPECT_EQ(killed.json()["error"]["exit"], 137);
}

TEST_F(CliLend, WithTooFewDescriptorsNothingIsPoisoned) {
  ok({"create", "many", "--size", "960K", "--grain", "4K"});  // 240 grains.
  const std::string whole = "exec $(readlink /proc/$PPID/exe) borrow many 0..960K -- true";
  const auto run = [&](const std::string& limit) {
    return tool({"freeze", "pool", "0..4K", "--", "sh", "-c", limit + "; " + whole},
                {.environment = {"TENURE_SOCKET=" + broker_.socket()}});
  };
  EXPECT_EQ(run("ulimit -S -n 100").status, 0);  // The tool takes what it may have.
  const auto refused = run("ulimit -n 100");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.errors,
              StartsWith("tenure: many: too_many: this process can open no more file descriptors"));
  const auto report = tool({"tokens", "many", "--json"}).json()["buffers"][0];
  EXPECT_TRUE(report["tokens"].empty());
  EXPECT_TRUE(report["poisoned"].empty());
}

TEST_F(CliLend, CommandsFindTheLimitThatWasThereBefore) {
  const std::string limit = ok({"freeze", "pool", "0..4K", "--", "sh", "-c", "ulimit -S -n"});
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  EXPECT_EQ(limit, std::to_string(own.rlim_cur) + "\n");
}

TEST_F(CliLend, RefusesWhatCannotBeLentOrRun) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"borrow", "pool", "0..5K", "--", "true"},
       "pool: bad_request: [0, 5120) is not whole pages"},
      {{"borrow", "pool", "8K..4K", "--", "true"}, "pool: bad_request: "},
      {{"borrow", "pool", "60K..68K", "--", "true"}, "pool: bad_request: "},
      {{"borrow", "pool", "w", "--", "true"}, "pool: not_found: no tensor \"w\" in this buffer"},
      {{"borrow", "none", "0..4K", "--", "true"}, "none: not_found: "},
      {{"borrow", "pool", "0..4K", "--", "./none"}, "./none: not_found: cannot run it: "},
      {{"borrow", "pool", "0..4K", "--", "/"}, "/: denied: cannot run it: "}};
  for (const auto& [arguments, reason] : cases) {
    const auto refused = tool(arguments);
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.errors, StartsWith(std::string("tenure: ").append(reason)));
  }
  EXPECT_TRUE(tokens()["tokens"].empty());
  EXPECT_TRUE(tokens()["poisoned"].empty());
  EXPECT_EQ(tool({"borrow", "pool", "0..4K", "--", "./none", "--json"}).output, "");
}

TEST_F(CliLend, ATensorsNameStandsForItsPages) {
  ok({"create", "model", "--size", "64K", "w:float32:16x16", "b:float32:16@8256"});
  EXPECT_THAT(ok({"freeze", "model", "b", "--", "sh", "-c", "echo $TENURE_REGION $TENURE_TENSOR"}),
              MatchesRegex("[0-9]+:0:8192:4096 float32:16:8256\n"));
  const auto other = tool({"freeze", "model", "0..4K", "--", "sh", "-c", "echo $TENURE_TENSOR"},
                          {.environment = {"TENURE_TENSOR=float32:16:8256"}});
  EXPECT_EQ(other.output, "\n");  // Not what another command was given.
}

}  // namespace
}  // namespace tenure
