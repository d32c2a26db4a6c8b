// SPDX-License-Identifier: Apache-2.0
// `bench` measures something, whatever the figures are; and it leaves nothing behind.
#include <sched.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "tests/process/cli_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class CliBench : public CliTest {
 protected:
  void SetUp() override {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 2) {
      GTEST_SKIP() << "two processes at once need two cpus";
    }
  }
};

TEST_F(CliBench, MeasuresEveryRowAgainstARunningBroker) {
  const auto result = tool({"bench", "--rounds", "2", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto json = result.json();
  EXPECT_THAT(json["machine"].get<std::string>(), HasSubstr("Linux"));
  ASSERT_GE(json["rows"].size() + json["not_run"].size(), 46U);  // 47 with message queues.
  for (const auto& row : json["not_run"]) {  // No CUDA device, no message queues.
    EXPECT_THAT(row["name"].get<std::string>(), AnyOf(HasSubstr("device"), HasSubstr("mqueue")));
    EXPECT_THAT(row["why"].get<std::string>(), AnyOf(HasSubstr("CUDA"), HasSubstr("8 KiB")));
  }
  for (const auto& row : json["rows"]) {
    EXPECT_GT(row["ours"], 0) << row;
    EXPECT_GT(row["ours_p99"], 0) << row;
    EXPECT_GT(row["samples"], 0) << row;
    EXPECT_TRUE(row["target"].is_string()) << row;
    EXPECT_EQ(row["limit"].is_null(), row["ratio"].is_null()) << row;
  }
  EXPECT_THAT(or_throw(connect().list()), testing::IsEmpty());
}

TEST_F(CliBench, MeasuresQueuesBesideTheirLimitAndOtherQueues) {
  const auto result = tool({"bench", "--rounds", "1", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto json = result.json();
  std::size_t compared = 0;
  for (const auto& row : json["rows"]) {
    if (row["name"].get<std::string>().starts_with("queue ")) {
      EXPECT_TRUE(row["ratio"].is_number()) << row;
      ++compared;
    }
  }
  // 7 of one item, 12 under load, 4 of a socket and Boost's; 2 of a mqueue where there are any.
  EXPECT_THAT(compared, AnyOf(23U, 25U));
}

TEST_F(CliBench, StartsABrokerOfItsOwnAndEndsIt) {
  const std::string folder = path("tmp");
  std::filesystem::create_directory(folder);
  const std::string tools = std::filesystem::path(support::tenured_path()).parent_path();
  const char* path_before = std::getenv("PATH");
  const auto result = support::run_tool(
      {"bench", "--rounds", "1"},
      {.environment = {"TENURE_SOCKET=" + path("none.sock"),
                       "TMPDIR=" + folder,
                       "PATH=" + tools + ":" + (path_before == nullptr ? "" : path_before)}});
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("a broker of its own"));
  EXPECT_THAT(result.output, HasSubstr("publish to spinning subscriber, 64 B"));
  EXPECT_THAT(result.output, HasSubstr("borrow, other cpu, 5000 tokens of "));
  EXPECT_THAT(result.output, HasSubstr("borrow, same cpu, 5000 tokens of "));
  EXPECT_THAT(result.output, HasSubstr("queue push + pop + ack, one thread"));
  EXPECT_THAT(result.output, HasSubstr("queue 4x4, 1 MiB, push to popped"));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(CliBench, LeavesInGoodOrderOnCtrlC) {
  support::RunningTool tool({"--socket", broker_.socket(), "bench", "--rounds", "10000"});
  Client client = connect();
  ASSERT_TRUE(support::eventually([&] { return or_throw(client.list()).size() == 4; }));
  tool.signal(SIGINT);
  EXPECT_EQ(tool.wait(), 130);
}

// Whether the process has a handler for `signal`.
bool handles(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:")) {
      return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) != 0;
    }
  }
  return false;
}

TEST_F(CliBench, EndsOnASignalWhileTheBrokerIsStopped) {
  ::kill(broker_.pid(), SIGSTOP);
  support::RunningTool tool({"--socket", broker_.socket(), "bench", "--timeout", "forever"});
  const bool is_ready = support::eventually([&] { return handles(tool.pid(), SIGTERM); });
  tool.signal(SIGTERM);
  const int status = tool.wait();
  ::kill(broker_.pid(), SIGCONT);
  EXPECT_TRUE(is_ready);
  EXPECT_EQ(status, 143);
}

}  // namespace
}  // namespace tenure
