// SPDX-License-Identifier: Apache-2.0
// Buffers by the tool: created, looked at, filled and read by name.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/process/cli_buffer_fixture.hpp"

namespace tenure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

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

TEST_F(CliBuffer, EveryPoisonedRegionIsShown) {
  constexpr std::size_t kRegions = 70;  // More than a page of the answer.
  ok({"create", "wide", "--size", "1M"});
  support::Child writer([&]() -> int {
    Client client = connect();
    Buffer wide = or_throw(client.buffer("wide"));
    std::vector<Borrow> held;
    for (std::uint64_t i = 0; i < kRegions; ++i) {
      held.push_back(or_throw(wide.borrow({2 * i * kPage, (2 * i + 1) * kPage})));
      or_throw(held.back().attach());
    }
    ::_exit(0);
  });
  ASSERT_EQ(writer.wait(std::chrono::seconds(20)), 0);
  nlohmann::json report;
  ASSERT_TRUE(support::eventually([&] {
    report = tool({"tokens", "wide", "--json"}).json()["buffers"][0];
    return report["tokens"].empty();
  }));
  EXPECT_EQ(report["poisoned"].size(), kRegions);
  EXPECT_EQ(report["poisoned"][69]["begin"], 138 * kPage);
  EXPECT_EQ(tool({"map", "wide", "--json"}).json()["pieces"].size(), 2 * kRegions);
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
  const auto busy = tool({"put", "model", "w=w.npy"});
  EXPECT_EQ(busy.status, 5);
  EXPECT_THAT(busy.errors, HasSubstr("hint: --timeout 10s waits; `tenure tokens model`"));
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 5);
  EXPECT_EQ(tool({"put", "model", "b=w.npy"}).status, 0);
}

TEST_F(CliBuffer, PutHealsWhatItOverwritesAsAWhole) {
  ok({"create",
      "model",
      "--size",
      "64K",
      "w:int8:8",
      "e:int8:0@8",
      "a:int8:8@8192",
      "b:int8:8@8200"});
  write_npy("x.npy", DType::int8, {8});
  EXPECT_NE(tool({"borrow", "model", "0..64K", "--", "sh", "-c", "kill -9 $$"}).status, 0);
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 8);
  EXPECT_EQ(tool({"put", "model", "w=x.npy"}).status, 0);
  EXPECT_EQ(tool({"get", "model", "--tensor", "w", "-o", "o.npy"}).status, 0);
  EXPECT_EQ(tool({"put", "model", "a=x.npy"}).status, 8);  // b's bytes would pass for whole.
  write("y.npy", read("x.npy").replace(read("x.npy").size() - 8, 8, 8, 'y'));
  const auto refused = tool({"put", "model", "w=y.npy", "a=x.npy"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.errors, HasSubstr("hint: `tenure borrow --acknowledge` takes it as it is"));
  ok({"get", "model", "--tensor", "w", "-o", "o.npy"});
  EXPECT_EQ(read("o.npy"), read("x.npy"));  // Nothing was written.
  EXPECT_EQ(tool({"put", "model", "a=x.npy", "b=x.npy"}).status, 0);
}

TEST_F(CliBuffer, CountsWhatWasLent) {
  ok(with("borrow", "0..4K", ":"));
  ok(with("freeze", "0..4K", ":"));
  EXPECT_EQ(tool({"borrow", "pool", "0..5K", "--", "true"}).status, 1);  // Never came that far.
  // With leases masked the memory moves each time.
  EXPECT_THAT(ok({"stat", "pool"}),
              MatchesRegex("NAME  BORROWED  FROZEN  CLAIMED  REFUSED  POISONED  MOVED\n"
                           "pool         1       1        0        0         0      [01]\n"));
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
  support::Child writer([this]() -> int {
    Client own = connect();
    Buffer same = or_throw(own.buffer("pool"));
    Borrow half = or_throw(same.borrow({8 * kPage, 9 * kPage}));
    or_throw(half.attach());
    ::usleep(300'000);  // Until it has been seen.
    ::_exit(0);
  });
  EXPECT_EQ(next(), "pool granted");
  EXPECT_EQ(next(), "pool attached");
  EXPECT_EQ(next(), "pool gone");
  EXPECT_EQ(next(), "pool poisoned");
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

TEST_F(CliBuffer, WatchEndsWithTheBrokerOfABuffer) {
  const auto watch = start({"watch", "pool", "--count", "1"});
  Client client = connect();
  Buffer pool = or_throw(client.buffer("pool"));
  ASSERT_EQ(::kill(broker_.pid(), SIGKILL), 0);
  EXPECT_EQ(watch->wait(), 6);
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
