// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/parsed.hpp"

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(CommandLine, TakesCommonOptionsBeforeAndAfterTheVerb) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--socket", "/s", "--json", "--timeout", "10s", "ls"},
                                             {"ls", "--socket", "/s", "--json", "--timeout", "10s"},
                                             {"--socket=/s", "ls", "--timeout=10s", "--json"}}) {
    const CommonOptions common = common_of(arguments);
    EXPECT_EQ(common.socket, "/s");
    EXPECT_TRUE(common.wants_json);
    EXPECT_EQ(common.timeout, 10s);
  }
}

TEST(CommandLine, DoesNotWaitUnlessToldTo) {
  const CommonOptions common = common_of({"ls"});
  EXPECT_EQ(common.timeout, 0s);
  EXPECT_FALSE(common.wants_json);
  EXPECT_EQ(common.socket, "");
}

TEST(CommandLine, ListsEverythingByDefault) {
  EXPECT_EQ(options_of<LsOptions>({"ls"}).glob, "*");
  EXPECT_EQ(options_of<LsOptions>({"ls", "cam/*"}).glob, "cam/*");
}

TEST(CommandLine, ReadsWhatATopicIsToBe) {
  const auto options = options_of<CreateOptions>(
      {"create",     "cam/0",       "image:uint8:2x3", "step:int64:",
       "--slots",    "8",           "--subscribers",   "5",
       "--lossless", "--lag-limit", "1500ms",          "--attribute-bytes",
       "16",         "--stamp",     "--mode",          "0750",
       "--group",    "0",           "--lifetime",      "session",
       "--pages",    "small"});
  EXPECT_EQ(options.name, "cam/0");
  const auto& topic = std::get<TopicOptions>(options.what);
  ASSERT_EQ(topic.schema.size(), 2U);
  EXPECT_EQ(topic.schema[0], (TensorSpec{"image", DType::uint8, {2, 3}}));
  EXPECT_EQ(topic.slots, 8U);
  EXPECT_EQ(topic.subscribers, 5U);
  EXPECT_EQ(topic.retention, Retention::lossless);
  EXPECT_EQ(topic.lag_limit, 1500ms);
  EXPECT_EQ(topic.attribute_bytes, 16U);
  EXPECT_EQ(topic.stamp, Stamp::monotonic);
  EXPECT_EQ(topic.terms.mode, 0750U);
  EXPECT_EQ(topic.terms.gid, 0U);
  EXPECT_EQ(topic.terms.lifetime, Lifetime::session);
  EXPECT_EQ(topic.terms.pages, Pages::small);
}

TEST(CommandLine, CreatesPersistentTopicsByDefault) {
  const auto topic =
      std::get<TopicOptions>(options_of<CreateOptions>({"create", "t", "x:int8:"}).what);
  EXPECT_EQ(topic.terms.lifetime, Lifetime::persistent);
  EXPECT_EQ(topic.terms.pages, Pages::huge);
  EXPECT_EQ(topic.terms.mode, 0700U);
  EXPECT_EQ(topic.slots, 4U);
  EXPECT_EQ(topic.retention, Retention::overwrite);
  EXPECT_FALSE(topic.lag_limit);
}

TEST(CommandLine, ReadsWhatABufferIsToBe) {
  const auto options = options_of<CreateOptions>({"create",
                                                  "model",
                                                  "--size",
                                                  "1M",
                                                  "--grain",
                                                  "64K",
                                                  "--isolate",
                                                  "w:float32:1000x2",
                                                  "b@1:int8:3@64K",
                                                  "c:int16:2",
                                                  "--mode",
                                                  "0770"});
  const auto& buffer = std::get<BufferOptions>(options.what);
  EXPECT_EQ(buffer.size_bytes, 1U << 20U);
  EXPECT_EQ(buffer.grain_bytes, 64U << 10U);
  EXPECT_EQ(buffer.handover, Handover::isolate);
  EXPECT_EQ(buffer.root, Root::broker);
  EXPECT_EQ(buffer.terms.mode, 0770U);
  EXPECT_EQ(buffer.terms.lifetime, Lifetime::persistent);
  ASSERT_EQ(buffer.schema.size(), 3U);
  EXPECT_EQ(buffer.schema[0], (FixedTensor{{"w", DType::float32, {1000, 2}}, 0}));
  EXPECT_EQ(buffer.schema[1], (FixedTensor{{"b@1", DType::int8, {3}}, 65536}));
  // The next page, of whatever size.
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(buffer.schema[2].offset_bytes, (65536 / page_bytes + 1) * page_bytes);
}

TEST(CommandLine, ReadsWhatIsToBeRunWithWhichRegion) {
  const auto borrow = options_of<LendOptions>(
      {"borrow", "--acknowledge", "pool", "0..64K", "--", "./fill", "--json", "-x", "--", "ls"});
  EXPECT_EQ(borrow.mode, TokenMode::borrow);
  EXPECT_EQ(borrow.name, "pool");
  EXPECT_EQ(borrow.region, "0..64K");
  EXPECT_TRUE(borrow.acknowledges);
  EXPECT_THAT(borrow.command, testing::ElementsAre("./fill", "--json", "-x", "--", "ls"));
  EXPECT_FALSE(common_of({"borrow", "pool", "w", "--", "ls", "--json"}).wants_json);
  const auto freeze = options_of<LendOptions>({"freeze", "pool", "layer3.w", "true"});
  EXPECT_EQ(freeze.mode, TokenMode::freeze);
  EXPECT_EQ(freeze.region, "layer3.w");
  EXPECT_THAT(freeze.command, testing::ElementsAre("true"));
}

TEST(CommandLine, ReadsTheNumbersOfTokens) {
  EXPECT_THAT(options_of<RevokeOptions>({"revoke", "17", "18446744073709551615"}).tokens,
              testing::ElementsAre(17U, 18446744073709551615U));
}

TEST(CommandLine, ReadsFilesWithAndWithoutATensor) {
  const auto options = options_of<PutOptions>(
      {"put", "weights", "w1=a.npy", "b=x=y.npy", "--tag", "18446744073709551615"});
  ASSERT_EQ(options.files.size(), 2U);
  EXPECT_EQ(options.files[0].tensor, "w1");
  EXPECT_EQ(options.files[0].path, "a.npy");
  EXPECT_EQ(options.files[1].tensor, "b");
  EXPECT_EQ(options.files[1].path, "x=y.npy");
  EXPECT_EQ(options.tag, 18446744073709551615ULL);
  const auto lone = options_of<PutOptions>({"put", "weights", "c.npy"});
  EXPECT_EQ(lone.files.at(0).tensor, "");
  EXPECT_EQ(lone.files.at(0).path, "c.npy");
}

TEST(CommandLine, TakesWhatBeginsLikeAPathForAFile) {
  for (const char* path : {"/a/x=y.npy", "./x=y.npy", "../x=y.npy"}) {
    const auto options = options_of<PutOptions>({"put", "t", path});
    EXPECT_EQ(options.files.at(0).tensor, "");
    EXPECT_EQ(options.files.at(0).path, path);
  }
}

TEST(CommandLine, RefusesNamesThatAreNotUtf8) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"inspect", "\xff"},
                                                                     {"rm", "a", "\xff"},
                                                                     {"create", "t", "x\xff:int8:"},
                                                                     {"put", "t", "x\xff=a.npy"}}) {
    EXPECT_THROW((void)parse(arguments), Refusal) << arguments[0];
  }
  EXPECT_EQ(options_of<PutOptions>({"put", "t", "x=\xff.npy"}).files.at(0).path, "\xff.npy");
}

TEST(CommandLine, TakesADashForStandardOutput) {
  EXPECT_EQ(options_of<GetOptions>({"get", "t", "-o", "-"}).output, "-");
  EXPECT_EQ(options_of<PutOptions>({"put", "t", "-"}).files.at(0).path, "-");
}

TEST(CommandLine, ReadsIntervalsAndCounts) {
  const auto stat = options_of<StatOptions>({"stat", "t", "--every", "250ms", "--count", "3"});
  EXPECT_EQ(stat.every, 250ms);
  EXPECT_EQ(stat.count, 3U);
  EXPECT_FALSE(options_of<StatOptions>({"stat", "t"}).every);
  EXPECT_EQ(options_of<WatchOptions>({"watch", "*", "--count", "9"}).count, 9U);
}

TEST(CommandLine, RefusesWhatItDoesNotUnderstand) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "a verb is needed"},
      {{"lss"}, "no such verb: \"lss\""},
      {{"ls", "a", "b"}, "not expected"},
      {{"ls", "--frob"}, "--frob"},
      {{"inspect"}, "NAME"},
      {{"create", "t"}, "a topic needs a tensor, a buffer its size"},
      {{"create", "t", "--size", "much"}, "--size: no size"},
      {{"create", "t", "x:int8:", "--grain", "4K"}, "--grain is for buffers"},
      {{"create", "t", "x:int8:", "--isolate"}, "--isolate is for buffers"},
      {{"create", "t", "--size", "1M", "--slots", "4"}, "--slots is for topics and queues"},
      {{"create", "t", "--size", "1M", "--lossless"}, "--lossless is for topics"},
      {{"create", "t", "--size", "1M", "x:int8:3@"}, "behind @"},
      {{"create", "t", "--size", "1M", "x:int8:3@many"}, "behind @"},
      {{"borrow", "pool"}, "REGION"},
      {{"borrow", "pool", "0..4K"}, "COMMAND"},
      {{"borrow", "pool", "0..4K", "ls", "-l"}, "not expected: -l"},
      {{"freeze", "pool", "0..4K", "--acknowledge", "--", "ls"}, "--acknowledge"},
      {{"revoke"}, "TOKEN"},
      {{"revoke", "x"}, "no token: \"x\""},
      {{"revoke", "-1"}, "-1"},
      {{"map"}, "SEGMENT"},
      {{"create", "t", "x:int9:"}, "int9"},
      {{"create", "t", "x:int8:", "--slots", "-1"}, "--slots"},
      {{"create", "t", "x:int8:", "--slots", "many"}, "--slots"},
      {{"create", "t", "x:int8:", "--mode", "0888"}, "--mode"},
      {{"create", "t", "x:int8:", "--mode", "1777"}, "--mode"},
      {{"create", "t", "x:int8:", "--group", "no-such-group"}, "--group"},
      {{"create", "t", "x:int8:", "--pages", "big"}, "--pages"},
      {{"create", "t", "x:int8:", "--lifetime", "long"}, "--lifetime"},
      {{"put", "t"}, "FILE"},
      {{"put", "t", "=a.npy"}, "neither FILE nor TENSOR=FILE"},
      {{"put", "t", "a.npy", "b.npy"}, "several files"},
      {{"put", "t", "a=a.npy", "b.npy"}, "several files"},
      {{"put", "t", "a.npy", "--tag", "1", "--tag", "2"}, "--tag is given more than once"},
      {{"stat", "t", "--every"}, "--every lacks its value"},
      {{"ls", "--json=no"}, "--json takes no value"},
      {{"create", "t", "x:int8:", "--stamp=1"}, "--stamp takes no value"},
      {{"stat", "t", "--every", "forever"}, "--every"},
      {{"stat", "t", "--every", "1s", "--count", "0"}, "--count"},
      {{"watch", "t", "--count", "0"}, "--count"},
      {{"create", "t", "x:int8:", "--lag-limit", "1s"}, "--lag-limit is for lossless topics"},
      {{"put", "t", "a.npy", "--tag", "-1"}, "--tag"},
      {{"stat", "t", "--every", "0s"}, "--every"},
      {{"stat", "t", "--every", "soon"}, "--every"},
      {{"stat", "t", "--count", "2"}, "--count"},
      {{"ls", "--timeout", "10"}, "--timeout"},
      {{"bench", "--rounds", "0"}, "--rounds"}};
  for (const auto& [arguments, reason] : cases) {
    EXPECT_THAT(misuse_of(arguments), HasSubstr(reason));
  }
}

TEST(CommandLine, RemembersThatMisuseIsToBeReportedAsJson) {
  auto parsed = parse({"inspect", "--json"});
  ASSERT_TRUE(std::holds_alternative<Misuse>(parsed));
  EXPECT_TRUE(std::get<Misuse>(parsed).wants_json);
  EXPECT_EQ(std::get<Misuse>(parsed).verb_name, "inspect");
}

TEST(CommandLine, HelpsWithSummaryUsageAndExamplesForEveryVerb) {
  for (const char* verb : {"ping",
                           "ls",
                           "inspect",
                           "stat",
                           "watch",
                           "tokens",
                           "map",
                           "create",
                           "rm",
                           "put",
                           "push",
                           "pop",
                           "queue",
                           "parked",
                           "get",
                           "bench",
                           "borrow",
                           "freeze",
                           "revoke"}) {
    auto parsed = parse({verb, "--help"});
    ASSERT_TRUE(std::holds_alternative<Answer>(parsed)) << verb;
    const std::string& text = std::get<Answer>(parsed).text;
    EXPECT_THAT(text, HasSubstr(std::string("Usage: tenure ") + verb));
    EXPECT_THAT(text, HasSubstr("Examples:\n  tenure " + std::string(verb)));
    EXPECT_THAT(text, HasSubstr("--timeout"));
  }
}

TEST(CommandLine, SaysItsVersion) {
  auto parsed = parse({"--version"});
  ASSERT_TRUE(std::holds_alternative<Answer>(parsed));
  EXPECT_THAT(std::get<Answer>(parsed).text, testing::MatchesRegex("tenure [0-9.]+\n"));
}

}  // namespace
}  // namespace tenure::cli
