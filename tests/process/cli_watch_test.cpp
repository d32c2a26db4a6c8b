// SPDX-License-Identifier: Apache-2.0
// `watch`: what it says of each version, and how it ends.
#include <signal.h>

#include "tests/process/cli_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class CliWatch : public CliTest {
 protected:
  std::unique_ptr<support::RunningTool> watch(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--socket", broker_.socket(), "watch"});
    return std::make_unique<support::RunningTool>(std::move(arguments));
  }
  // Until the watch has the topic open: what is published from here on is seen.
  bool is_watched(Client& client, const std::string& name, std::size_t by = 1) const {
    return support::eventually([&] {
      const auto info = client.inspect(name);
      return info && info->readers.size() >= by;
    });
  }
};

void publish(Publisher& publisher, std::uint64_t tag) {
  const std::vector<float> values(10, 1.0F);
  const auto view = or_throw(TensorView::of(std::span<const float>(values), {10}));
  or_throw(publisher.publish({{"b1", view}}, {.tag = tag}));
}

TEST_F(CliWatch, PrintsALinePerVersionAndEndsAfterTheCount) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("weights"));
  const auto tool = watch({"weights", "--count", "2"});
  ASSERT_TRUE(is_watched(client, "weights"));
  publish(publisher, 622);
  EXPECT_THAT(tool->read_line().value_or("nothing"),
              MatchesRegex("v1     -         b1\\[10\\]   40 B   tag 622"));
  publish(publisher, 0);
  EXPECT_THAT(tool->read_line().value_or("nothing"),
              MatchesRegex("v2     \\+[0-9.]+ [mun]?s *   b1\\[10\\]   40 B"));
  EXPECT_EQ(tool->wait(), 0) << tool->errors();
}

TEST_F(CliWatch, TellsProgramsTheSame) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("weights"));
  const auto tool = watch({"weights", "--count", "2", "--json"});
  ASSERT_TRUE(is_watched(client, "weights"));
  publish(publisher, 5);
  const auto first = nlohmann::json::parse(tool->read_line().value_or(""), nullptr, false);
  EXPECT_EQ(first["name"], "weights");
  EXPECT_EQ(first["version"], 1);
  EXPECT_EQ(first["tag"], 5);
  EXPECT_EQ(first["missed"], 0);
  EXPECT_EQ(first["size_bytes"], 40);
  EXPECT_TRUE(first["interval_ns"].is_null());
  EXPECT_EQ(first["tensors"][0]["shape"], nlohmann::json({10}));
  publish(publisher, 6);
  const auto second = nlohmann::json::parse(tool->read_line().value_or(""), nullptr, false);
  EXPECT_GT(second["interval_ns"], 0);
  EXPECT_EQ(tool->wait(), 0);
}

TEST_F(CliWatch, LeavesQuietlyOnCtrlC) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("weights"));
  const auto tool = watch({"weights"});
  ASSERT_TRUE(is_watched(client, "weights"));
  publish(publisher, 0);
  ASSERT_TRUE(tool->read_line());
  tool->signal(SIGINT);
  EXPECT_EQ(tool->wait(), 130);
  EXPECT_EQ(tool->output(), "");
  EXPECT_EQ(tool->errors(), "");
}

TEST_F(CliWatch, SaysThatTheSegmentWasRemovedAndEnds) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  const auto tool = watch({"weights"});
  ASSERT_TRUE(is_watched(client, "weights"));
  ok({"rm", "weights"});
  EXPECT_EQ(tool->wait(), 0) << tool->errors();
  EXPECT_EQ(tool->output(), "removed\n");
}

TEST_F(CliWatch, SaysThatThePublisherIsGone) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  {
    Publisher publisher = or_throw(client.publisher("weights"));
    const auto tool = watch({"weights", "--json"});
    ASSERT_TRUE(is_watched(client, "weights"));
    {
      const Publisher gone = std::move(publisher);
    }
    EXPECT_EQ(tool->read_line(), R"({"event":"publisher_gone","name":"weights"})");
  }
}

TEST_F(CliWatch, GoesOnWithoutTheBrokerAndSaysSoOnce) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("weights"));
  const auto tool = watch({"weights"});
  ASSERT_TRUE(is_watched(client, "weights"));
  broker_.stop(SIGKILL);
  EXPECT_EQ(tool->read_line(), "broker gone");
  publish(publisher, 0);
  EXPECT_THAT(tool->read_line().value_or("nothing"), testing::StartsWith("v1 "));
  tool->signal(SIGINT);
  EXPECT_EQ(tool->wait(), 130);
  EXPECT_EQ(tool->output(), "");
}

TEST_F(CliWatch, WatchesALosslessTopicWithoutHoldingItUp) {
  ok({"create", "log", "b1:float32:10", "--lossless"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("log"));
  const auto tool = watch({"log"});
  ASSERT_TRUE(is_watched(client, "log"));
  tool->signal(SIGSTOP);
  for (int i = 0; i < 100; ++i) {
    publish(publisher, 0);  // Would wait for ever for a subscriber that is stopped.
  }
  tool->signal(SIGCONT);
  const auto line = tool->read_line();
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, testing::StartsWith("v"));
}

TEST_F(CliWatch, NamesEachTopicOfAGlob) {
  ok({"create", "cam/0", "b1:float32:10"});
  ok({"create", "cam/right", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("cam/right"));
  const auto tool = watch({"cam/*", "--count", "1"});
  ASSERT_TRUE(is_watched(client, "cam/right"));
  ASSERT_TRUE(is_watched(client, "cam/0"));
  publish(publisher, 0);
  EXPECT_EQ(tool->wait(), 0) << tool->errors();
  EXPECT_THAT(tool->output(), MatchesRegex("cam/right  v1     - .*\n"));
}

TEST_F(CliWatch, ItsDeathLeavesNothingHeld) {
  ok({"create", "weights", "b1:float32:10"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("weights"));
  const auto tool = watch({"weights"});
  ASSERT_TRUE(is_watched(client, "weights"));
  publish(publisher, 0);
  ASSERT_TRUE(tool->read_line());
  tool->signal(SIGKILL);
  EXPECT_EQ(tool->wait(), 128 + SIGKILL);
  EXPECT_TRUE(support::eventually([&] {
    const auto info = client.inspect("weights");
    return info && info->readers.empty() && info->slots_held == 0;
  }));
}

TEST_F(CliWatch, WaitsForANameThatIsNotThereYet) {
  const auto tool = watch({"late", "--count", "1", "--timeout", "50s"});
  Client client = connect();
  or_throw(client.create_topic("late", {.schema = {{"b1", DType::float32, {10}}}}));
  ASSERT_TRUE(is_watched(client, "late"));
  Publisher publisher = or_throw(client.publisher("late"));
  publish(publisher, 0);
  EXPECT_EQ(tool->wait(), 0) << tool->errors();
}

}  // namespace
}  // namespace tenure
