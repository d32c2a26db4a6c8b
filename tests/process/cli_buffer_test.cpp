// SPDX-License-Identifier: Apache-2.0
// Buffers by the tool: created, looked at, filled and read by name, lent to commands.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "proto/os/kernel.hpp"
#include "tests/process/cli_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr std::uint64_t kPage = 4096;

class CliBuffer : public CliTest {
 protected:
  CliBuffer() { ok({"create", "pool", "--size", "64K"}); }

  /// A shell with the region as FD, then `script`.
  std::vector<std::string> with(const std::string& verb,
                                const std::string& region,
                                const std::string& script) const {
    return {verb, "pool", region, "--", "sh", "-c", "FD=${TENURE_REGION%%:*}; " + script};
  }
  nlohmann::json tokens() const {
    const auto report = tool({"tokens", "pool", "--json"}).json();
    return report["buffers"][0];
  }
  std::unique_ptr<support::RunningTool> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--socket", broker_.socket()});
    return std::make_unique<support::RunningTool>(std::move(arguments));
  }
};

TEST_F(CliBuffer, IsCreatedAndShown) {
  EXPECT_EQ(ok({"create",
                "model",
                "--size",
                "1M",
                "--grain",
                "256K",
                "w:float32:16x16",
                "b:float32:16@64K"}),
            "model: buffer, 1.0 MiB in 4 grains of 256.0 KiB\n");
  const auto info = or_throw(connect().inspect("model"));
  EXPECT_EQ(info.terms.lifetime, Lifetime::persistent);
  EXPECT_THAT(info.offsets_bytes, ElementsAre(0U, 65536U));
  EXPECT_THAT(ok({"ls", "model"}), HasSubstr("w float32[16,16] +1"));
  EXPECT_THAT(ok({"inspect", "model"}), HasSubstr("b  float32[16]        64 B  at 65536\n"));
  // Again the same, another, and one that the broker refuses.
  EXPECT_EQ(tool({"create", "pool", "--size", "64K"}).status, 0);
  EXPECT_THAT(tool({"create", "pool", "--size", "128K"}).errors,
              StartsWith("tenure: pool: exists: "));
  EXPECT_THAT(tool({"create", "odd", "--size", "5000"}).errors,
              StartsWith("tenure: odd: bad_request: size_bytes: 5000"));
  EXPECT_EQ(ok({"rm", "pool"}), "pool: removed\n");
}

TEST_F(CliBuffer, ShowsTokensAsTheyWereLent) {
  Client client = connect();
  Buffer pool = or_throw(client.buffer("pool"));
  Borrow whole = or_throw(pool.borrow({0, 16 * kPage}));
  Borrow part = or_throw(whole.borrow({0, 4 * kPage}));
  or_throw(part.attach());
  Borrow sent = or_throw(whole.borrow({4 * kPage, 8 * kPage}));
  or_throw(sent.transfer());
  Freeze read = or_throw(whole.freeze({8 * kPage, 12 * kPage}));
  auto waiting = pool.borrow_later({0, kPage});
  const std::string text = ok({"tokens", "pool"});
  EXPECT_THAT(text,
              MatchesRegex(" *RANGE +TOKEN +HOLDER +AGE +STATE *\n"
                           "0..64K +borrow 1 +test \\([0-9]+, pid [0-9]+\\) +[0-9.]+ m?s +lent on\n"
                           "├─ 0..16K +borrow 2 +test .* attached\n"
                           "├─ 16K..32K +borrow 3 +- +.* ticket, [0-9]+ s left\n"
                           "└─ 32K..48K +freeze 4 +test .* held\n"
                           "waiting: test \\([0-9]+, pid [0-9]+\\), borrow 0..4K, [0-9.]+ m?s: "
                           "\\[0, 4096\\) is borrowed by test \\(session .*\\)\n"));
  const auto json = tokens();
  EXPECT_EQ(json["name"], "pool");
  ASSERT_EQ(json["tokens"].size(), 4U);
  EXPECT_EQ(json["tokens"][2]["issuer"], json["tokens"][0]["token"]);
  EXPECT_EQ(json["tokens"][2]["state"], "ticket");
  EXPECT_GT(json["tokens"][2]["expires_in_ms"], 0);
  EXPECT_TRUE(json["tokens"][0]["expires_in_ms"].is_null());
  EXPECT_EQ(json["tokens"][3]["mode"], "freeze");
  EXPECT_EQ(json["tokens"][3]["begin"], 8 * kPage);
  EXPECT_EQ(json["waiting"][0]["regions"][0]["end"], kPage);
  EXPECT_TRUE(json["poisoned"].empty());
}

TEST_F(CliBuffer, ShowsTheTokensOfAllBuffersOrSaysThatThereAreNone) {
  ok({"create", "cam/0", "x:int8:"});
  EXPECT_EQ(ok({"tokens"}), "pool\nno tokens\n");
  EXPECT_EQ(ok({"tokens", "pool"}), "no tokens\n");
  EXPECT_EQ(ok({"tokens", "cam/*"}), "no buffers\n");
  const auto topic = tool({"tokens", "cam/0"});
  EXPECT_EQ(topic.status, 1);
  EXPECT_THAT(topic.errors, StartsWith("tenure: cam/0: unsupported: it is no buffer"));
  EXPECT_EQ(tool({"tokens", "none"}).status, 3);
  EXPECT_EQ(tool({"map", "none"}).status, 3);
  EXPECT_EQ(tool({"map", "cam/0"}).status, 1);
}

TEST_F(CliBuffer, DrawsWhoHasWhat) {
  Client client = connect();
  Buffer pool = or_throw(client.buffer("pool"));
  const Freeze read = or_throw(pool.freeze({0, 8 * kPage}));
  const Borrow write = or_throw(pool.borrow({8 * kPage, 12 * kPage}));
  EXPECT_EQ(ok({"map", "pool"}),
            "0       8K      16K     24K     32K     40K     48K     56K     64K\n"
            "▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒████████████████────────────────\n"
            "▒ frozen: test   █ borrowed: test   ─ free\n");
  const auto json = tool({"map", "pool", "--json"}).json();
  EXPECT_EQ(json["size_bytes"], 16 * kPage);
  ASSERT_EQ(json["pieces"].size(), 3U);
  EXPECT_EQ(json["pieces"][0]["use"], "frozen");
  EXPECT_EQ(json["pieces"][1]["begin"], 8 * kPage);
  EXPECT_EQ(json["pieces"][1]["holders"][0]["name"], "test");
  EXPECT_EQ(json["pieces"][2]["use"], "free");
}

TEST_F(CliBuffer, ACommandWritesItsRegionAndAnotherReadsIt) {
  EXPECT_EQ(ok(with("borrow", "0..8K", "printf 'in the first page' >&$FD")), "");
  EXPECT_EQ(ok(with("freeze", "0..8K", "head -c 17 <&$FD")), "in the first page");
  EXPECT_TRUE(tokens()["tokens"].empty());
  // Two grains of a page each, at their places.
  EXPECT_THAT(ok(with("freeze", "4K..12K", "echo $TENURE_REGION")),
              MatchesRegex("[0-9]+:0:4096:4096;[0-9]+:0:8192:4096\n"));
}

TEST_F(CliBuffer, AReadersDescriptorCannotBeWritten) {
  const auto refused = tool(with("freeze", "0..4K", "printf x >&$FD"));
  EXPECT_NE(refused.status, 0);
  EXPECT_EQ(ok(with("freeze", "0..4K", "head -c 1 <&$FD | od -An -c")), "  \\0\n");
}

TEST_F(CliBuffer, TheStatusIsThatOfTheCommand) {
  EXPECT_EQ(tool(with("borrow", "0..4K", "exit 7")).status, 7);
  EXPECT_EQ(tool(with("freeze", "0..4K", "exit 7")).status, 7);
  EXPECT_EQ(tool(with("freeze", "0..4K", "kill -TERM $$")).status, 128 + SIGTERM);
  EXPECT_TRUE(tokens()["tokens"].empty());
  EXPECT_TRUE(tokens()["poisoned"].empty());
}

TEST_F(CliBuffer, OthersSeeTheCommandAndAreRefusedMeanwhile) {
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

TEST_F(CliBuffer, WaitsForItsTurn) {
  const auto holder = start({"borrow", "pool", "0..8K", "--", "sh", "-c", "echo up; read line"});
  ASSERT_EQ(holder->read_line(), "up");  // Its standard input is at its end.
  EXPECT_EQ(tool({"--timeout", "30s", "borrow", "pool", "0..4K", "--", "true"}).status, 0);
}

TEST_F(CliBuffer, AKilledCommandLeavesItsRegionPoisoned) {
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

TEST_F(CliBuffer, SignalsReachTheCommand) {
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

TEST_F(CliBuffer, AKilledToolLeavesItsRegionPoisoned) {
  const auto holder =
      start({"borrow", "pool", "0..4K", "--", "sh", "-c", "echo $$; exec sleep 60"});
  const pid_t command = std::stoi(holder->read_line().value_or("0"));
  ASSERT_GT(command, 0);
  holder->signal(SIGKILL);
  EXPECT_TRUE(support::eventually([&] { return tokens()["poisoned"].size() == 1; }));
  EXPECT_EQ(tool({"borrow", "--acknowledge", "pool", "0..4K", "--", "true"}).status, 0);
  ::kill(command, SIGKILL);
}

TEST_F(CliBuffer, WhatACommandLeavesRunningIsNotTrusted) {
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

TEST_F(CliBuffer, RefusesWhatCannotBeLentOrRun) {
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

TEST_F(CliBuffer, ATensorsNameStandsForItsPages) {
  ok({"create", "model", "--size", "64K", "w:float32:16x16", "b:float32:16@8256"});
  EXPECT_THAT(ok({"freeze", "model", "b", "--", "sh", "-c", "echo $TENURE_REGION $TENURE_TENSOR"}),
              MatchesRegex("[0-9]+:0:8192:4096 float32:16:8256\n"));
  EXPECT_EQ(ok({"freeze", "model", "0..4K", "--", "sh", "-c", "echo $TENURE_TENSOR"}), "\n");
}

TEST_F(CliBuffer, TensorsArePutAndGotByName) {
  ok({"create", "model", "--size", "64K", "w:float32:16x16", "b:float32:16", "e:int8:0x4"});
  const std::string w = write_npy("w.npy", DType::float32, {16, 16});
  const std::string b = write_npy("b.npy", DType::float32, {16});
  const std::string e = write_npy("e.npy", DType::int8, {0, 4});
  EXPECT_EQ(ok({"put", "model", "w=w.npy", "b=b.npy", "e=e.npy"}), "model: 3 tensors, 1.1 KiB\n");
  EXPECT_EQ(ok({"get", "model", "--tensor", "w", "-o", "w2.npy"}),
            "w2.npy: w float32[16,16], 1.0 KiB\n");
  EXPECT_EQ(read("w2.npy"), w);
  ok({"get", "model", "-o", "all/"});
  EXPECT_EQ(read("all/w.npy"), w);
  EXPECT_EQ(read("all/b.npy"), b);
  EXPECT_EQ(read("all/e.npy"), e);
  EXPECT_EQ(tool({"tokens", "model", "--json"}).json()["buffers"][0]["tokens"].size(), 0U);
  const auto put = tool({"put", "model", "b=b.npy", "--json"}).json();
  EXPECT_EQ(put["size_bytes"], 64);
  EXPECT_TRUE(put["version"].is_null());
  const auto got = tool({"get", "model", "--tensor", "b", "-o", "b2.npy", "--json"}).json();
  EXPECT_EQ(got["files"][0]["name"], "b");
  EXPECT_TRUE(got["version"].is_null());
}

TEST_F(CliBuffer, NeighboursInOnePageKeepTheirBytes) {
  ok({"create", "model", "--size", "4K", "a:int8:8@0", "b:int8:8@8", "c:int8:8@16"});
  const std::string all = write_npy("x.npy", DType::int8, {8});
  ok({"put", "model", "a=x.npy", "c=x.npy"});
  ok({"get", "model", "-o", "out/"});
  EXPECT_EQ(read("out/a.npy"), all);
  EXPECT_EQ(read("out/c.npy"), all);
  EXPECT_EQ(read("out/b.npy").substr(all.size() - 8), std::string(8, '\0'));
}

TEST_F(CliBuffer, PutRefusesWhatDoesNotFit) {
  ok({"create", "model", "--size", "64K", "w:float32:16", "b:float32:16"});
  write_npy("w.npy", DType::float32, {16});
  write_npy("i.npy", DType::int32, {16});
  write_npy("s.npy", DType::float32, {15});
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"put", "model", "w.npy"}, "bad_request: w.npy: the buffer has 2 tensors"},
      {{"put", "model", "x=w.npy"}, "not_found: no tensor \"x\" in this buffer"},
      {{"put", "model", "w=i.npy"}, "bad_request: tensor \"w\" is float32[16]; the file has int32"},
      {{"put", "model", "w=s.npy"},
       "bad_request: tensor \"w\" is float32[16]; the file has float32[15]"},
      {{"put", "model", "w=w.npy", "w=w.npy"}, "bad_request: tensor w is named twice"},
      {{"get", "model", "--tensor", "x"}, "not_found: no tensor \"x\" in this buffer"}};
  for (const auto& [arguments, reason] : cases) {
    EXPECT_THAT(tool(arguments).errors, StartsWith(std::string("tenure: model: ").append(reason)));
  }
  EXPECT_EQ(tool({"put", "model", "w=w.npy", "--tag", "1"}).status, 2);
  EXPECT_EQ(tool({"get", "model"}).status, 2);  // Two tensors, one file.
  EXPECT_THAT(tool({"get", "pool"}).errors, HasSubstr("not_found: the buffer has no tensors"));
  Buffer model = or_throw(connect().buffer("model"));
  const Borrow held = or_throw(model.borrow({0, kPage}));
  EXPECT_EQ(tool({"put", "model", "w=w.npy"}).status, 5);
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 5);
  EXPECT_EQ(tool({"put", "model", "b=w.npy"}).status, 0);
}

TEST_F(CliBuffer, PutHealsWhatItOverwritesAsAWhole) {
  ok({"create", "model", "--size", "64K", "w:int8:8", "a:int8:8@8192", "b:int8:8@8200"});
  write_npy("x.npy", DType::int8, {8});
  EXPECT_NE(tool({"borrow", "model", "0..64K", "--", "sh", "-c", "kill -9 $$"}).status, 0);
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 8);
  EXPECT_EQ(tool({"put", "model", "w=x.npy"}).status, 0);
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 0);
  EXPECT_EQ(tool({"put", "model", "a=x.npy"}).status, 8);  // b's bytes would pass for whole.
  EXPECT_EQ(tool({"put", "model", "a=x.npy", "b=x.npy"}).status, 0);
}

TEST_F(CliBuffer, CountsWhatWasLent) {
  ok(with("borrow", "0..4K", ":"));
  ok(with("freeze", "0..4K", ":"));
  EXPECT_EQ(tool({"borrow", "pool", "0..5K", "--", "true"}).status, 1);  // Never came that far.
  EXPECT_EQ(ok({"stat", "pool"}),
            "NAME  BORROWED  FROZEN  CLAIMED  REFUSED  POISONED  MOVED\n"
            "pool         1       1        0        0         0      0\n");
  ok({"create", "cam/0", "x:int8:"});
  EXPECT_THAT(ok({"stat", "*"}),
              MatchesRegex("NAME +PUBLISHED.*\ncam/0 .*\nNAME +BORROWED.*\npool.*"));
  const auto json = tool({"stat", "pool", "--json"}).json()["segments"][0];
  EXPECT_EQ(json["borrowed"], 1);
  EXPECT_FALSE(json.contains("published"));
  const auto rates = tool({"stat", "pool", "--every", "10ms", "--count", "1", "--json"}).json();
  EXPECT_EQ(rates["borrowed_per_s"], 0);
  EXPECT_EQ(rates["poisoned"], 0);
  EXPECT_THAT(ok({"stat", "pool", "--every", "10ms", "--count", "1"}),
              MatchesRegex("TIME +BORROWED/s +FROZEN/s +CLAIMED/s +REFUSED/s +POISONED +MOVED\n"
                           "[0-9:]+ +0.0 +0.0 +0.0 +0.0 +0 +0\n"));
}

TEST_F(CliBuffer, WatchTellsWhatBecomesOfTokens) {
  Client client = connect();
  Buffer pool = or_throw(client.buffer("pool"));
  const Borrow before = or_throw(pool.borrow({0, kPage}));
  ok({"create", "topic", "x:int8:"});  // Opened after the buffer, and that can be seen.
  const auto watch = start({"watch", "*", "--json"});
  ASSERT_TRUE(
      support::eventually([&] { return !or_throw(client.inspect("topic")).readers.empty(); }));
  const auto next = [&] {
    const auto line = nlohmann::json::parse(watch->read_line().value_or("{}"), nullptr, false);
    return line.value("name", "") + " " + line.value("event", "");
  };
  Borrow seen = or_throw(pool.borrow({4 * kPage, 5 * kPage}));
  EXPECT_EQ(next(), "pool granted");
  or_throw(seen.attach());
  EXPECT_EQ(next(), "pool attached");
  or_throw(seen.detach());
  EXPECT_EQ(next(), "pool detached");
  or_throw(seen.transfer({.expires_in = std::chrono::milliseconds(2000)}));
  EXPECT_EQ(next(), "pool sent");
  EXPECT_EQ(next(), "pool unclaimed");
  or_throw(or_throw(client.claim<Borrow>(or_throw(client.event()).ticket)).release());
  EXPECT_EQ(next(), "pool gone");
  or_throw(client.remove("pool"));
  EXPECT_EQ(next(), "pool removed");
  watch->signal(SIGINT);
  EXPECT_EQ(watch->wait(), 130);
}

TEST_F(CliBuffer, WatchPrintsALinePerChange) {
  Client client = connect();
  Buffer pool = or_throw(client.buffer("pool"));
  ok({"create", "topic", "x:int8:"});
  const auto watch = start({"watch", "*", "--count", "1"});
  ASSERT_TRUE(
      support::eventually([&] { return !or_throw(client.inspect("topic")).readers.empty(); }));
  const Freeze held = or_throw(pool.freeze({0, kPage}));
  EXPECT_THAT(watch->read_line().value_or("nothing"),
              MatchesRegex("pool   granted     freeze 1     0..4K          "
                           "test \\([0-9]+, pid [0-9]+\\)"));
  EXPECT_EQ(watch->wait(), 0);
}

TEST(CliRevoke, TakesTokensAwayByTheAdministratorsSocketOnly) {
  std::string directory = "/tmp/tenure-test-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string admin = directory + "/admin.sock";
  {
    const support::PrivateBroker broker({.arguments = {"--admin-socket", admin}});
    Client client = or_throw(Client::connect({.socket = broker.socket(), .name = "test"}));
    or_throw(client.create_buffer("pool", {.size_bytes = 16 * kPage, .root = Root::broker}));
    Buffer pool = or_throw(client.buffer("pool"));
    Borrow held = or_throw(pool.borrow({0, kPage}));
    const std::string token = std::to_string(held.id());
    const auto revoke = [&](std::vector<std::string> arguments, const std::string& variable) {
      return support::run_tool(std::move(arguments),
                               {.environment = {"TENURE_ADMIN_SOCKET=" + variable}});
    };
    const auto unnamed = revoke({"revoke", token}, "");
    EXPECT_EQ(unnamed.status, 2);
    EXPECT_THAT(unnamed.errors, HasSubstr("TENURE_ADMIN_SOCKET"));
    const auto denied = revoke({"--socket", broker.socket(), "revoke", token}, "");
    EXPECT_EQ(denied.status, 4);
    const auto both = revoke({"revoke", token, "999"}, admin);
    EXPECT_EQ(both.output, "token " + token + ": taken away\n");
    EXPECT_EQ(both.status, 1);
    EXPECT_THAT(both.errors, StartsWith("tenure: token 999: stale: there is no token 999"));
    EXPECT_EQ(held.attach().error().code, Errc::stale);
    const auto json = revoke({"--socket", admin, "revoke", "999", "--json"}, "").json();
    EXPECT_TRUE(json["revoked"].empty());
    EXPECT_EQ(json["errors"][0]["code"], "stale");
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace tenure
