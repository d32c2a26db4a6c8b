// SPDX-License-Identifier: Apache-2.0
// What each verb prints, as a table and as JSON.
#include <signal.h>

#include "tests/process/cli_fixture.hpp"

namespace tenure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

void publish(Publisher& publisher, std::uint8_t value, std::uint64_t tag = 0) {
  const std::vector<std::uint8_t> bytes(6, value);
  or_throw(publisher.publish(
      {{"image", or_throw(TensorView::of(std::span<const std::uint8_t>(bytes), {2, 3}))}},
      {.tag = tag}));
}

TEST_F(CliTest, PingSaysHowTheBrokerDoes) {
  EXPECT_THAT(ok({"ping"}),
              MatchesRegex("tenured [0-9.]+ on " + broker_.socket() +
                           ", up .*, 0 B of .*, answered in .*\n"));
  const auto json = tool({"ping", "--json"}).json();
  EXPECT_EQ(json["socket"], broker_.socket());
  EXPECT_GT(json["control_bytes"], 0);
  EXPECT_GT(json["up_ns"], 0);
  EXPECT_GT(json["budget_bytes"], 0);
  EXPECT_GT(json["round_trip_ns"], 0);
}

TEST_F(CliTest, CreateSaysWhatItMade) {
  EXPECT_THAT(ok({"create", "cam/0", "image:uint8:1080x1920x3"}),
              MatchesRegex("cam/0: topic, 4 slots of 5.9 MiB, 23.[0-9] MiB reserved, "
                           "2 views at once\n"));
  EXPECT_THAT(ok({"create", "one", "x:int8:", "--slots", "1"}),
              MatchesRegex("one: topic, 1 slot of 1 B, .* reserved, snapshots only\n"));
  EXPECT_THAT(ok({"create", "three", "x:int8:", "--slots", "3"}), HasSubstr("1 view at once"));
}

TEST_F(CliTest, CreateAsksForWhatTheOptionsSay) {
  ok({"create",
      "t",
      "x:int8:4",
      "y:any:64",
      "--slots",
      "5",
      "--lossless",
      "--mode",
      "0750",
      "--pages",
      "small"});
  const SegmentInfo info = or_throw(connect().inspect("t"));
  EXPECT_EQ(info.slots, 5U);
  EXPECT_EQ(info.retention, Retention::lossless);
  EXPECT_EQ(info.terms.mode, 0750U);
  EXPECT_EQ(info.terms.pages, Pages::small);
  EXPECT_EQ(info.terms.lifetime, Lifetime::persistent);
  EXPECT_EQ(info.schema,
            (std::vector<TensorSpec>{{"x", DType::int8, {4}}, {"y", DType::any, {64}}}));
}

TEST_F(CliTest, CreateIsADeclaration) {
  ok({"create", "t", "x:int8:4"});
  ok({"create", "t", "x:int8:4"});
  const auto other = tool({"create", "t", "x:int8:5"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.errors, testing::StartsWith("tenure: t: exists: "));
}

TEST_F(CliTest, LsShowsATableAndTheTotals) {
  EXPECT_THAT(ok({"ls"}), MatchesRegex("0 segments, 0 B of .*\n"));
  ok({"create", "weights", "w1:float32:64x128", "b1:float32:128"});
  ok({"create", "cam/0", "image:uint8:2x3"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("cam/0"));
  publish(publisher, 1);
  EXPECT_THAT(
      ok({"ls"}),
      MatchesRegex("NAME     KIND   TENSORS  +SIZE  USERS  STATE +AGE\n"
                   "cam/0    topic  image uint8\\[2,3\\] +[0-9.]+ KiB      1  v1 +[0-9.]+ [um]?s\n"
                   "weights  topic  w1 float32\\[64,128\\] \\+1 +[0-9.]+ KiB      0  empty +-\n"
                   "2 segments, [0-9.]+ KiB of .*\n"));
  EXPECT_THAT(ok({"ls", "cam/*"}), Not(HasSubstr("weights")));
}

TEST_F(CliTest, LsTellsProgramsTheSame) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  const auto json = tool({"ls", "--json"}).json();
  EXPECT_GT(json["used_bytes"], 0);
  EXPECT_GT(json["budget_bytes"], 0);
  ASSERT_EQ(json["segments"].size(), 1U);
  const auto segment = json["segments"][0];
  EXPECT_EQ(segment["name"], "cam/0");
  EXPECT_EQ(segment["kind"], "topic");
  EXPECT_EQ(segment["slots"], 4);
  EXPECT_EQ(segment["mode"], "0700");
  EXPECT_EQ(segment["lifetime"], "persistent");
  EXPECT_EQ(segment["retention"], "overwrite");
  EXPECT_EQ(segment["version"], 0);
  EXPECT_TRUE(segment["age_ms"].is_null());
  EXPECT_TRUE(segment["publisher"].is_null());
  EXPECT_EQ(segment["schema"],
            (nlohmann::json{{{"name", "image"}, {"dtype", "uint8"}, {"shape", {2, 3}}}}));
}

TEST_F(CliTest, InspectShowsWhoWritesAndReads) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("cam/0"));
  Subscriber viewer = or_throw(client.subscriber("cam/0"));
  Subscriber observer = or_throw(client.subscriber("cam/0", {.access = Access::observe}));
  publish(publisher, 1);
  const View view = or_throw(viewer.latest());
  publish(publisher, 2);
  const std::string text = ok({"inspect", "cam/0"});
  EXPECT_THAT(text, HasSubstr("cam/0      topic, overwrite, persistent, "));
  EXPECT_THAT(text, HasSubstr(" 0700, id 1, incarnation 1\n"));
  EXPECT_THAT(text, HasSubstr("slots      4 of 6 B: 1 latest, 1 held, 2 free\n"));
  EXPECT_THAT(text, HasSubstr("publisher  test (session "));
  EXPECT_THAT(text, HasSubstr("holds v1\n"));
  EXPECT_THAT(text, HasSubstr("snapshots only\n"));
  EXPECT_THAT(text, HasSubstr("tensors    image  uint8[2,3]  6 B\n"));
  const auto json = tool({"inspect", "cam/0", "--json"}).json();
  EXPECT_EQ(json["publisher"]["pid"], ::getpid());
  ASSERT_EQ(json["readers"].size(), 2U);
  EXPECT_EQ(json["readers"][0]["held"], nlohmann::json({1}));
  EXPECT_EQ(json["readers"][1]["access"], "observe");
}

TEST_F(CliTest, StatCountsSinceTheCreation) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("cam/0"));
  publish(publisher, 1);
  publish(publisher, 2);
  EXPECT_THAT(ok({"stat", "cam/0"}),
              MatchesRegex("NAME   PUBLISHED    GB  VIEWS  SNAPSHOTS  MISSED  RETRIES  TORN\n"
                           "cam/0          2  0.00      0          0       0        0     0\n"));
  const auto json = tool({"stat", "c*", "--json"}).json();
  EXPECT_EQ(json["segments"][0]["name"], "cam/0");
  EXPECT_EQ(json["segments"][0]["published"], 2);
  EXPECT_EQ(json["segments"][0]["published_bytes"], 12);
}

TEST_F(CliTest, StatPrintsARowOfRatesPerInterval) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  const auto result = tool({"stat", "cam/0", "--every", "50ms", "--count", "2"});
  EXPECT_EQ(result.status, 0) << result.errors;
  const std::string row = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] +0.0   0.00 +0.0 +0.0 +0 +0 +0\n";
  EXPECT_THAT(result.output,
              MatchesRegex("TIME      PUBLISHED/s   GB/s   VIEWS/s   SNAPSHOTS/s   MISSED   "
                           "RETRIES   TORN\n" +
                           row + row));
  const auto lines = tool({"stat", "*", "--every", "50ms", "--count", "2", "--json"}).json_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["name"], "cam/0");
  EXPECT_EQ(lines[0]["published_per_s"], 0.0);
  EXPECT_GE(lines[0]["seconds"], 0.05);
}

TEST_F(CliTest, StatShowsTheRateOfALivingPublisher) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("cam/0"));
  support::RunningTool stat(
      {"--socket", broker_.socket(), "--json", "stat", "cam/0", "--every", "20ms"});
  nlohmann::json row = {{"published_per_s", 0.0}};
  while (row["published_per_s"] == 0.0) {  // read_line() throws after a minute.
    publish(publisher, 1);
    const auto line = stat.read_line();
    ASSERT_TRUE(line) << stat.errors();
    row = nlohmann::json::parse(*line);
  }
  const double bundles = row["published_per_s"];
  EXPECT_NEAR(row["bytes_per_s"], 6 * bundles, 1e-6 * bundles);
  stat.signal(SIGINT);
  EXPECT_EQ(stat.wait(), 130);
}

TEST_F(CliTest, StatEndsOnASignalWhileTheBrokerIsStopped) {
  ok({"create", "cam/0", "image:uint8:2x3"});
  for (const int signal : {SIGINT, SIGTERM}) {
    // It asks all the time: once the broker is stopped, it waits for an answer.
    support::RunningTool stat(
        {"--socket", broker_.socket(), "stat", "cam/0", "--every", "1ns", "--json"});
    ASSERT_TRUE(stat.read_line()) << stat.errors();
    ::kill(broker_.pid(), SIGSTOP);
    stat.signal(signal);
    const int status = stat.wait();
    ::kill(broker_.pid(), SIGCONT);
    EXPECT_EQ(status, 128 + signal);
  }
}

TEST_F(CliTest, RmRemovesAllItCanAndReportsTheRest) {
  ok({"create", "a", "x:int8:"});
  ok({"create", "b", "x:int8:"});
  const auto result = tool({"rm", "a", "nope", "b"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "a: removed\nb: removed\n");
  EXPECT_THAT(result.errors, testing::StartsWith("tenure: nope: not_found: "));
  ok({"create", "c", "x:int8:"});
  const auto json = tool({"rm", "c", "nope", "--json"}).json();
  EXPECT_EQ(json["removed"], nlohmann::json({"c"}));
  EXPECT_EQ(json["errors"][0]["what"], "nope");
  EXPECT_EQ(json["errors"][0]["exit"], 3);
}

TEST_F(CliTest, SomethingElseThanATerminalGetsNoColour) {
  ok({"create", "a", "x:int8:"});
  EXPECT_THAT(ok({"ls"}), Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, BuffersAreListedAndInspected) {
  Client client = connect();
  or_throw(client.create_buffer(
      "pool",
      {.size_bytes = 1 << 20,
       .schema = {{.spec = {"w", DType::float32, {64, 10}}, .offset_bytes = 4096}}}));
  EXPECT_THAT(ok({"ls"}),
              MatchesRegex("[^$]*pool +buffer +w float32.64,10. +1.0 MiB[^$]*1 token[^$]*"));
  const std::string shown = ok({"inspect", "pool"});
  EXPECT_THAT(shown, HasSubstr("buffer, share, session"));
  EXPECT_THAT(shown, HasSubstr("1.0 MiB in 16 grains of 64.0 KiB"));
  EXPECT_THAT(shown, HasSubstr("at 4096"));
  const auto json = tool({"inspect", "pool", "--json"}).json();
  EXPECT_EQ(json["kind"], "buffer");
  EXPECT_EQ(json["grain_bytes"], 65536);
  EXPECT_EQ(json["schema"][0]["offset_bytes"], 4096);
}

}  // namespace
}  // namespace tenure
