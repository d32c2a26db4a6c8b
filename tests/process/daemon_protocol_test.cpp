// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <string>

#include "tests/process/daemon_fixture.hpp"

namespace tenure::support {
namespace {

using ::testing::HasSubstr;

class DaemonProtocol : public DaemonTest {
 protected:
  void expect_alive() {
    RawClient client(broker.socket());
    EXPECT_GT(client.ask_for<wire::Welcome>(wire::Ping{}).up_ns, 0U);
  }
};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonProtocol);

TEST_P(DaemonProtocol, WelcomeSaysWhoAndHow) {
  RawClient client(broker.socket());
  const auto welcome = client.ask_for<wire::Welcome>(wire::Ping{});
  EXPECT_EQ(welcome.session, client.session());
  EXPECT_EQ(welcome.budget_bytes, std::uint64_t{512} << 20U);
  EXPECT_EQ(welcome.used_bytes, 0U);
  EXPECT_GT(welcome.control_bytes, 0U);
  EXPECT_GT(client.ask_for<wire::Welcome>(wire::Ping{}).control_bytes, welcome.control_bytes);
}

TEST_P(DaemonProtocol, SilentClientIsHungUp) {
  RawClient client(broker.socket(), std::nullopt);
  client.wait_for_end();
  expect_alive();
}

TEST_P(DaemonProtocol, HelloComesFirst) {
  RawClient client(broker.socket(), std::nullopt);
  EXPECT_EQ(client.refusal(wire::Ping{}).code, Errc::bad_request);
  client.wait_for_end();
}

TEST_P(DaemonProtocol, SecondHelloIsRefusedAndTheSessionGoesOn) {
  RawClient client(broker.socket());
  EXPECT_EQ(client.refusal(wire::Hello{}).code, Errc::bad_request);
  EXPECT_EQ(client.ask_for<wire::Welcome>(wire::Ping{}).session, client.session());
}

TEST_P(DaemonProtocol, OtherVersionsAreTooOldWithBothRanges) {
  RawClient client(broker.socket(), std::nullopt);
  const Error error =
      client.refusal(wire::Hello{.min_version = 7, .max_version = 9, .client = "raw"});
  EXPECT_EQ(error.code, Errc::too_old);
  EXPECT_THAT(error.detail, HasSubstr("7 to 9"));
  EXPECT_THAT(error.detail, HasSubstr("1 to 1"));
  client.wait_for_end();
}

TEST_P(DaemonProtocol, GarbageEndsTheSessionAndNothingElse) {
  for (const char* garbage : {"", "{", "[]", "{\"op\":\"ping\"}", "\xff\xfe", "{\"id\":{}}"}) {
    RawClient client(broker.socket());
    client.send_bytes(std::string(garbage) + " ");
    client.wait_for_end();
  }
  expect_alive();
}

TEST_P(DaemonProtocol, UnknownVerbIsUnsupportedAndTheSessionGoesOn) {
  RawClient client(broker.socket());
  client.send_bytes(R"({"id":99,"op":"fly"})");
  const auto answer = client.reply(99);
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_EQ(std::get<Error>(answer).code, Errc::unsupported);
  EXPECT_EQ(client.ask_for<wire::Welcome>(wire::Ping{}).session, client.session());
}

TEST_P(DaemonProtocol, OversizedPacketEndsTheSession) {
  RawClient client(broker.socket());
  client.send_bytes(R"({"id":5,"op":"ping","x":")" + std::string(wire::kMaxPacketBytes, 'x') +
                    "\"}");
  client.wait_for_end();
  expect_alive();
}

TEST_P(DaemonProtocol, UnexpectedFdEndsTheSessionAndIsClosed) {
  const long before = fd_count();
  {
    RawClient client(broker.socket());
    const os::UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(std::get<Error>(client.ask(wire::Ping{}, {null.get()})).code, Errc::bad_request);
    client.wait_for_end();
  }
  EXPECT_TRUE(eventually([&] { return fd_count() == before; })) << fd_count() << " of " << before;
}

TEST_P(DaemonProtocol, ManyRequestsAtOnceAreAllAnswered) {
  RawClient client(broker.socket());
  for (int round = 0; round < 4; ++round) {
    std::uint64_t last = 0;
    for (int i = 0; i < 100; ++i) {
      last = client.send(wire::Ping{});
    }
    EXPECT_TRUE(std::holds_alternative<wire::Welcome>(client.reply(last)));
  }
}

TEST_P(DaemonProtocol, RepliesWithFdsComeOneAfterTheOther) {
  RawClient client(broker.socket());
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(client.send(wire::Open{.name = "a", .as = wire::OpenAs::subscribe}));
  }
  for (const std::uint64_t id : ids) {
    EXPECT_TRUE(std::holds_alternative<wire::Opened>(client.reply(id)));
    EXPECT_EQ(client.fds().size(), 3U);
  }
}

TEST_P(DaemonProtocol, WaitingRequestsAreLimited) {
  RawClient client(broker.socket());
  const wire::Open waiting{.name = "later", .timeout = std::chrono::seconds(60)};
  for (std::size_t i = 0; i < wire::kMaxRequestsInFlight; ++i) {
    client.send(waiting);
  }
  const Error error = client.refusal(waiting);
  EXPECT_EQ(error.code, Errc::too_many);
  EXPECT_EQ(error.count, wire::kMaxRequestsInFlight);
}

TEST_P(DaemonProtocol, ClientThatReadsNothingDelaysNobody) {
  RawClient deaf(broker.socket());
  static_cast<void>(deaf.ask_for<wire::Created>(small_topic("a")));
  const std::string ping = wire::encode(wire::Request{.id = 1, .body = wire::List{}});
  for (int i = 0; i < 4000; ++i) {
    if (!os::send_packet(deaf.fd(), ping)) {
      break;  // Its own socket is full: the broker reads no more of it.
    }
  }
  expect_alive();
}

TEST_P(DaemonProtocol, ManySessionsOfOneUidMeetTheirQuota) {
  std::vector<RawClient> clients;
  for (std::uint32_t i = 0; i < wire::kMaxSessionsPerUid; ++i) {
    clients.emplace_back(broker.socket());
  }
  RawClient more(broker.socket(), std::nullopt);
  const Error error = more.refusal(wire::Hello{});
  EXPECT_EQ(error.code, Errc::quota);
  EXPECT_EQ(error.count, wire::kMaxSessionsPerUid);
  clients.pop_back();
  EXPECT_TRUE(eventually([&] {
    RawClient again(broker.socket(), std::nullopt);
    return std::holds_alternative<wire::Welcome>(again.ask(wire::Hello{}));
  }));
}

}  // namespace
}  // namespace tenure::support
