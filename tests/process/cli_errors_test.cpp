// SPDX-License-Identifier: Apache-2.0
// How the tool fails: exit status, `tenure: WHAT: CODE: details`, hint, and the same as JSON.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "tests/process/cli_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

using support::run_tool;

TEST_F(CliTest, ReportsAMissingNameWithTheBrokerAndAHint) {
  ok({"create", "cam/0", "x:int8:"});
  for (const char* verb : {"get", "inspect", "stat", "watch", "rm"}) {
    const auto result = tool({verb, "cam/1"});
    EXPECT_EQ(result.status, 3) << verb;
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(
        result.errors,
        StartsWith("tenure: cam/1: not_found: no such name on " + broker_.socket() + "\nhint: "));
    EXPECT_THAT(result.errors, HasSubstr("--timeout 10s waits for cam/1 to appear\n"));
  }
}

TEST_F(CliTest, ReportsAGlobThatMatchesNothing) {
  for (const char* verb : {"stat", "watch"}) {
    const auto result = tool({verb, "cam/*"});
    EXPECT_EQ(result.status, 3) << verb;
    EXPECT_THAT(result.errors, StartsWith("tenure: cam/*: not_found: no name matches\n"));
    EXPECT_THAT(result.errors, HasSubstr("hint: `tenure ls` shows the names\n"));
  }
}

TEST_F(CliTest, NeverPromisesThatAGlobWillAppear) {
  for (const char* verb : {"get", "inspect", "rm"}) {
    const auto result = tool({verb, "cam/*"});
    EXPECT_EQ(result.status, 1) << verb;
    EXPECT_THAT(result.errors, StartsWith("tenure: cam/*: bad_request: "));
    EXPECT_THAT(result.errors, Not(HasSubstr("to appear")));
  }
}

TEST_F(CliTest, QuotesANameThatIsEmpty) {
  EXPECT_THAT(tool({"create", "", "x:int8:"}).errors,
              StartsWith("tenure: \"\": bad_request: name: 0 bytes\n"));
  EXPECT_THAT(tool({"rm", ""}).errors, StartsWith("tenure: \"\": "));
}

TEST_F(CliTest, RefusesNamesThatTheBrokerCouldNotBeTold) {
  write_npy("a.npy", DType::int8, {2});
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"create", "t", "x\xff:int8:"},
                                             {"create", "x\xff", "x:int8:"},
                                             {"put", "t", "x\xff=a.npy"},
                                             {"get", "t", "--tensor", "x\xff"},
                                             {"ls", "x\xff"},
                                             {"rm", "x\xff"}}) {
    const auto result = tool(arguments);
    EXPECT_EQ(result.status, 1) << arguments[0];
    EXPECT_THAT(result.errors, StartsWith("tenure: x\\xff"));
    EXPECT_THAT(result.errors, HasSubstr(": bad_request: "));
    EXPECT_THAT(result.errors, HasSubstr("byte 1 is 0xff"));
  }
  write("\xff.npy", read("a.npy"));
  ok({"put", "t", "\xff.npy"});
}

TEST_F(CliTest, TheLibraryRefusesThemToo) {
  const auto created = connect().create_topic("t", {.schema = {{"x\xff", DType::int8, {}}}});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Errc::bad_request);
  EXPECT_THAT(created.error().detail, HasSubstr("byte 1 of its name"));
}

TEST_F(CliTest, NeverWritesItsOutputIntoWhatItOpened) {
  ok({"create", "t", "x:int8:"});
  const auto result = tool({"ls"}, {.closed = {0, 1}});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors,
            "tenure: standard output: bad_request: cannot write: Bad file descriptor\n");
  EXPECT_EQ(tool({"ls"}, {.closed = {0, 1, 2}}).status, 1);
  EXPECT_THAT(broker_.log(), Not(HasSubstr("bad")));
  EXPECT_EQ(tool({"put", "t", "-"}, {.closed = {0}}).status, 1);
}

TEST_F(CliTest, KeepsItsStatusWhereTheReportCannotBeWritten) {
  EXPECT_EQ(tool({"get", "zzz", "--json"}, {.output = "/dev/full"}).status, 3);
  EXPECT_EQ(tool({"get", "--json"}, {.output = "/dev/full"}).status, 2);
}

TEST_F(CliTest, ReportsAsJsonOnStandardOutputToo) {
  const auto result = tool({"inspect", "cam/1", "--json"});
  EXPECT_EQ(result.status, 3);
  const auto error = result.json()["error"];
  EXPECT_EQ(error["what"], "cam/1");
  EXPECT_EQ(error["code"], "not_found");
  EXPECT_EQ(error["exit"], 3);
  EXPECT_THAT(result.errors, StartsWith("tenure: cam/1: not_found: "));
}

TEST_F(CliTest, GivesUpWaitingAfterTheTimeout) {
  for (const char* verb : {"get", "inspect", "stat", "watch", "rm"}) {
    const auto result = tool({verb, "late", "--timeout", "30ms"});
    EXPECT_EQ(result.status, 5) << verb;
    EXPECT_THAT(result.errors, StartsWith("tenure: late: timed_out: "));
  }
}

TEST_F(CliTest, ReportsATakenTopicOrWaitsForIt) {
  std::ofstream(path("a.npy"), std::ios::binary)
      << cli::npy_preamble(DType::int8, std::vector<std::int64_t>{1}) << 'x';
  ok({"put", "t", "a.npy"});
  Client client = connect();
  std::optional<Publisher> publisher = or_throw(client.publisher("t"));
  const auto refused = tool({"put", "t", "a.npy"});
  EXPECT_EQ(refused.status, 5);
  EXPECT_THAT(refused.errors, StartsWith("tenure: t: has_publisher: test (session "));
  EXPECT_EQ(tool({"put", "t", "a.npy", "--timeout", "30ms"}).status, 5);
  support::RunningTool waiting(
      {"--socket", broker_.socket(), "put", "t", path("a.npy"), "--timeout", "50s"});
  publisher.reset();
  EXPECT_EQ(waiting.wait(), 0) << waiting.errors();
}

TEST_F(CliTest, ReportsRefusalsOfTheBroker) {
  const auto slots = tool({"create", "t", "x:int8:", "--slots", "65"});
  EXPECT_EQ(slots.status, 1);
  EXPECT_THAT(slots.errors, StartsWith("tenure: t: bad_request: "));
  const auto name = tool({"create", "a//b", "x:int8:"});
  EXPECT_EQ(name.status, 1);
  EXPECT_THAT(name.errors, StartsWith("tenure: a//b: bad_request: "));
  const auto quota = tool({"create", "huge", "x:int8:1000000000000"});
  EXPECT_EQ(quota.status, 1);
  EXPECT_THAT(quota.errors, StartsWith("tenure: huge: quota: "));
}

TEST_F(CliTest, ReportsMisuseWithoutABroker) {
  const auto result = run_tool({"--socket", "/nowhere", "create", "t"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.errors,
            "tenure: create: usage: a topic needs a tensor, a buffer its size\n"
            "hint: as in image:uint8:1080x1920x3, or --size 256M\n");
  EXPECT_EQ(run_tool({}).status, 2);
  EXPECT_EQ(run_tool({"frobnicate", "--json"}).json()["error"]["code"], "usage");
}

TEST_F(CliTest, AnswersHelpAndVersionWithoutABroker) {
  const auto help = run_tool({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("Usage: tenure [options] VERB"));
  EXPECT_EQ(run_tool({"create", "--help"}).status, 0);
  EXPECT_THAT(run_tool({"--version"}).output, MatchesRegex("tenure [0-9.]+\n"));
}

TEST_F(CliTest, SaysHowToStartABrokerWhereThereIsNone) {
  for (const auto& verb : std::vector<std::vector<std::string>>{{"ping"},
                                                                {"ls"},
                                                                {"inspect", "t"},
                                                                {"stat", "t"},
                                                                {"watch", "t"},
                                                                {"get", "t"},
                                                                {"rm", "t"},
                                                                {"create", "t", "x:int8:"},
                                                                {"tokens"},
                                                                {"map", "t"},
                                                                {"borrow", "t", "0..4K", "true"},
                                                                {"revoke", "1"},
                                                                {"bench"}}) {
    std::vector<std::string> arguments{"--socket", path("none.sock")};
    arguments.insert(arguments.end(), verb.begin(), verb.end());
    const auto result = run_tool(arguments);
    EXPECT_EQ(result.status, 6) << verb[0];
    EXPECT_THAT(result.errors, StartsWith("tenure: broker: broker_gone: " + path("none.sock")));
    EXPECT_THAT(result.errors, HasSubstr("hint: start one with `tenured`"));
  }
}

TEST_F(CliTest, TakesTheSocketFromTheEnvironment) {
  const auto result = run_tool({"ping"}, {.environment = {"TENURE_SOCKET=" + broker_.socket()}});
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST_F(CliTest, WaitsForABrokerThatComesUp) {
  const std::string socket = path("later.sock");
  support::RunningTool waiting({"--socket", socket, "ping", "--timeout", "50s"});
  std::filesystem::create_symlink(broker_.socket(), socket);
  EXPECT_EQ(waiting.wait(), 0) << waiting.errors();
}

TEST_F(CliTest, ReportsAFullDevice) {
  ok({"create", "t", "x:int8:"});
  support::RunningTool tool({"--socket", broker_.socket(), "get", "t", "-o", "/dev/full"});
  EXPECT_EQ(tool.wait(), 5);  // Nothing published: never got as far.
  std::ofstream(path("a.npy"), std::ios::binary)
      << cli::npy_preamble(DType::int8, std::vector<std::int64_t>{}) << 'x';
  ok({"put", "t", "a.npy"});
  support::RunningTool full({"--socket", broker_.socket(), "get", "t", "-o", "/dev/full"});
  EXPECT_EQ(full.wait(), 1);
  EXPECT_THAT(full.errors(), StartsWith("tenure: /dev/full: no_memory: cannot write it: "));
}

class CliAsAnotherUser : public CliTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can become another user";
    }
  }
  support::ToolResult as_other(std::vector<std::string> arguments) const {
    return tool(std::move(arguments), {.directory = "/", .uid = 12345});
  }
};

TEST_F(CliAsAnotherUser, HidesWhatTheModeHides) {
  ok({"create", "private", "x:int8:"});
  EXPECT_THAT(as_other({"ls"}).output, StartsWith("0 segments"));
  const auto result = as_other({"inspect", "private"});
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.errors, StartsWith("tenure: private: not_found: "));
}

TEST_F(CliAsAnotherUser, PutSaysThatAHiddenNameIsTaken) {
  write_npy("a.npy", DType::int8, {2});
  ok({"create", "private", "x:int8:"});
  const auto result = as_other({"put", "private", path("a.npy")});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.errors, StartsWith("tenure: private: exists: it belongs to another uid\n"));
}

TEST_F(CliAsAnotherUser, RefusesWhatTheModeRefuses) {
  std::ofstream(path("a.npy"), std::ios::binary)
      << cli::npy_preamble(DType::int8, std::vector<std::int64_t>{}) << 'x';
  ok({"create", "open", "x:int8:", "--mode", "0704"});
  ok({"put", "open", "a.npy"});
  const auto put = as_other({"put", "open", path("a.npy")});
  EXPECT_EQ(put.status, 4);
  EXPECT_THAT(put.errors, StartsWith("tenure: open: denied: "));
  EXPECT_EQ(as_other({"rm", "open"}).status, 4);
  const auto got = as_other({"get", "open", "-o", "-"});
  EXPECT_EQ(got.status, 0) << got.errors;
  EXPECT_THAT(got.output, testing::EndsWith("\nx"));
}

TEST_F(CliAsAnotherUser, WatchesWithTheRightToReadAlone) {
  std::ofstream(path("a.npy"), std::ios::binary)
      << cli::npy_preamble(DType::int8, std::vector<std::int64_t>{}) << 'x';
  ok({"create", "open", "x:int8:", "--mode", "0704"});
  ok({"put", "open", "a.npy"});
  const auto watched = as_other({"watch", "open", "--count", "1"});
  EXPECT_EQ(watched.status, 0) << watched.errors;
  EXPECT_THAT(watched.output, StartsWith("v1 "));
}

}  // namespace
}  // namespace tenure
