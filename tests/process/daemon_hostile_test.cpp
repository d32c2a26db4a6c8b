// SPDX-License-Identifier: Apache-2.0
// What a client may do without hindering anybody else.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/process/daemon_fixture.hpp"

namespace tenure::support {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
using wire::OpenAs;

// One end of a TCP connection whose last close takes longer than any test waits: it lingers until
// the other end has read everything.
class LingeringSocket {
 public:
  LingeringSocket() {
    const os::UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t bytes = sizeof address;
    auto* generic = reinterpret_cast<::sockaddr*>(&address);
    EXPECT_EQ(::bind(listening.get(), generic, bytes), 0);
    EXPECT_EQ(::listen(listening.get(), 1), 0);
    EXPECT_EQ(::getsockname(listening.get(), generic, &bytes), 0);
    near_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(near_.get(), generic, bytes), 0);
    far_.reset(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::string block(1 << 16, 'x');
    while (::send(near_.get(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
    }
    const ::linger lingers{.l_onoff = 1, .l_linger = 600};
    EXPECT_EQ(::setsockopt(near_.get(), SOL_SOCKET, SO_LINGER, &lingers, sizeof lingers), 0);
  }

  [[nodiscard]] int fd() const noexcept { return near_.get(); }
  // From here on whoever closes the last copy of it waits.
  void leave_to_receiver() { near_.reset(); }

 private:
  os::UniqueFd near_;
  os::UniqueFd far_;  // Reads nothing; its close ends the wait.
};

class DaemonHostile : public DaemonTest {
 protected:
  void expect_alive() {
    RawClient another(broker.socket());
    EXPECT_GT(another.ask_for<wire::Welcome>(wire::Ping{}).up_ns, 0U);
  }
  // Sends, and leaves the last close to the broker.
  template <class Send>
  void give(LingeringSocket& socket, Send send) {
    ::kill(broker.pid(), SIGSTOP);
    send();
    socket.leave_to_receiver();
    ::kill(broker.pid(), SIGCONT);
  }
  static int unread_bytes(const RawClient& client) {
    int bytes = 0;
    EXPECT_EQ(::ioctl(client.fd(), FIONREAD, &bytes), 0);
    return bytes;
  }
  wire::CreateTopic wide_topic(const std::string& name) {
    auto topic = small_topic(name);
    topic.options.schema.clear();
    for (int i = 0; i < 1000; ++i) {
      topic.options.schema.push_back({"tensor" + std::to_string(i), DType::float32, {4, 4}});
    }
    return topic;
  }
  void create_with_fd(RawClient& owner, wire::CreateTopic topic) {
    const std::string text = wire::encode_schema(topic.options.schema);
    const os::UniqueFd memfd(::memfd_create("schema", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::write(memfd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ASSERT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
    topic.options.schema.clear();
    topic.schema_in_fd = true;
    const auto answer = owner.ask(topic, {memfd.get()});
    ASSERT_TRUE(std::holds_alternative<wire::Created>(answer));
  }

  RawClient client{broker.socket()};
};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonHostile);

TEST_P(DaemonHostile, FdThatBlocksInCloseDelaysNobody) {
  LingeringSocket socket;
  RawClient rude(broker.socket(), "rude");
  give(socket, [&] { rude.send(wire::Ping{}, {socket.fd()}); });
  expect_alive();
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
}

TEST_P(DaemonHostile, FdsThatComeInsteadOfASchemaDelayNobody) {
  LingeringSocket socket;
  RawClient rude(broker.socket(), "rude");
  auto request = small_topic("x");
  request.schema_in_fd = true;
  give(socket, [&] { rude.send(request, std::vector<int>(16, socket.fd())); });
  expect_alive();
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
}

TEST_P(DaemonHostile, FdsThatNobodyReceivedDelayNobody) {
  LingeringSocket socket;
  RawClient rude(broker.socket(), "rude");
  give(socket, [&] {
    rude.send_bytes("this ends the session");
    rude.send_bytes("and this is never read", {socket.fd()});
    rude.hang_up();
  });
  EXPECT_TRUE(broker.wait_for_log("client_at_fault"));
  expect_alive();
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
}

TEST_P(DaemonHostile, StrangersSendNoFds) {
  if (is_masked()) {
    GTEST_SKIP() << "the kernel feature is masked";
  }
  RawClient stranger(broker.socket(), std::nullopt);
  const os::UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fds[] = {null.get()};
  const auto sent = os::send_packet(stranger.fd(), "x", fds);
  if (sent) {
    GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
  }
  EXPECT_EQ(sent.error().sys_errno, EPERM);
}

TEST_P(DaemonHostile, OnePacketWithFdsIsUnreadPerSession) {
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  RawClient silent(broker.socket(), "silent");
  silent.send(wire::Open{.name = "a", .as = OpenAs::observe});
  ASSERT_TRUE(eventually([&] { return unread_bytes(silent) > 0; }));
  const int with_opened = unread_bytes(silent);
  silent.send(wire::Ping{});
  ASSERT_TRUE(eventually([&] { return unread_bytes(silent) > with_opened; }));
  const int with_welcome = unread_bytes(silent);
  silent.send(wire::Open{.name = "a", .as = OpenAs::observe});
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  }
  EXPECT_EQ(unread_bytes(silent), with_welcome) << "the second one waits for the first to be read";
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(silent.reply(1 + 1)));
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(silent.reply(3 + 1)));
}

TEST_P(DaemonHostile, BrokerKeepsNoFdPerReader) {
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  create_with_fd(client, wide_topic("wide"));
  static_cast<void>(client.ask_for<wire::Opened>(wire::Open{.name = "a"}));
  static_cast<void>(client.ask_for<wire::Opened>(wire::Open{.name = "wide"}));
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  const long before = fd_count();
  if (before < 0) {
    GTEST_SKIP() << "this user may not count the broker's fds";
  }
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(client.ask_for<wire::Opened>(wire::Open{.name = "a"}));
    static_cast<void>(client.ask_for<wire::Opened>(wire::Open{.name = "wide"}));
    static_cast<void>(client.ask_for<wire::Inspected>(wire::Inspect{.name = "wide"}));
  }
  EXPECT_TRUE(eventually([&] { return fd_count() == before; })) << fd_count() << " of " << before;
}

TEST_P(DaemonHostile, LargeSchemaIsOneMemfdForAll) {
  create_with_fd(client, wide_topic("wide"));
  const auto inode = [&](const std::optional<std::uint32_t>& at) {
    struct ::stat status{};
    EXPECT_TRUE(at.has_value());
    const int fd = client.fds().at(at.value_or(0)).get();
    EXPECT_EQ(::fstat(fd, &status), 0);
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    return status.st_ino;
  };
  const auto first = inode(client.ask_for<wire::Opened>(wire::Open{.name = "wide"}).schema_fd);
  const auto inspected = client.ask_for<wire::Inspected>(wire::Inspect{.name = "wide"});
  EXPECT_EQ(inode(inspected.schema_fd), first);
}

TEST_P(DaemonHostile, AnswersWithFdsThatNobodyReadsAreFew) {
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  RawClient silent(broker.socket(), "silent");
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  const long before = fd_count();
  if (before < 0) {
    GTEST_SKIP() << "this user may not count the broker's fds";
  }
  for (int i = 0; i < 40; ++i) {
    silent.send(wire::Open{.name = "a", .as = OpenAs::subscribe});
    silent.send(wire::Open{.name = "later", .as = OpenAs::subscribe, .timeout = 60s});
  }
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  EXPECT_LE(fd_count() - before, 10);
  RawClient patient(broker.socket(), "patient");
  const long with_patient = fd_count();
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(
        patient.send(wire::Open{.name = "later", .as = OpenAs::subscribe, .timeout = 60s}));
  }
  static_cast<void>(patient.ask_for<wire::Welcome>(wire::Ping{}));
  static_cast<void>(client.ask_for<wire::Created>(small_topic("later")));
  EXPECT_LE(fd_count() - with_patient, 15) << "the new topic has five of its own";
  for (const std::uint64_t id : ids) {
    EXPECT_TRUE(std::holds_alternative<wire::Opened>(patient.reply(id))) << "all come in the end";
  }
}

TEST_P(DaemonHostile, OpenOfAClientThatHungUpIsNotGranted) {
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  RawRole publisher = open_role(client, "a", OpenAs::publish);
  RawClient leaving(broker.socket(), "leaving");
  const RawRole keeps_it_alive = open_role(leaving, "a", OpenAs::observe);
  leaving.send(wire::Open{.name = "a", .as = OpenAs::publish, .timeout = 60s});
  static_cast<void>(leaving.ask_for<wire::Welcome>(wire::Ping{}));
  leaving.hang_up();
  RawClient other(broker.socket(), "other");  // Accepted after the end was seen, or with it.
  static_cast<void>(other.ask_for<wire::Welcome>(wire::Ping{}));
  const std::uint64_t handle = publisher.opened.handle;
  publisher = {};
  static_cast<void>(client.ask_for<wire::Done>(wire::Close{.handle = handle}));
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(
      other.ask(wire::Open{.name = "a", .as = OpenAs::publish})));
}

TEST_P(DaemonHostile, LongTensorNameIsRefusedAndTheSessionGoesOn) {
  static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  auto other = small_topic("a");
  other.options.schema[0].name = std::string(60'000, 'x');
  EXPECT_EQ(client.refusal(other).code, Errc::bad_request);
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
}

TEST_P(DaemonHostile, LongPatternIsRefused) {
  const std::string stars(257, '*');
  EXPECT_THAT(client.refusal(wire::List{.glob = stars}).detail, HasSubstr("glob: 257 bytes"));
  EXPECT_THAT(client.refusal(wire::List{.after = stars}).detail, HasSubstr("after: 257 bytes"));
  EXPECT_EQ(client.ask_for<wire::Listed>(wire::List{.glob = stars.substr(1)}).total, 0U);
}

TEST_P(DaemonHostile, LeaseOnTheMemoryIsWaitedForAndThenNamed) {
  ::signal(SIGIO, SIG_IGN);  // It would tell that a lease is to be given up.
  RawClient tenant(broker.socket(), "tenant");
  const auto lease = [&](const std::string& name) {
    static_cast<void>(client.ask_for<wire::Created>(small_topic(name)));
    static_cast<void>(
        tenant.ask_for<wire::Opened>(wire::Open{.name = name, .as = OpenAs::observe}));
    os::UniqueFd head = std::move(tenant.fds().front());
    EXPECT_EQ(::fcntl(head.get(), F_SETLEASE, F_RDLCK), 0);
    return head;
  };
  const os::UniqueFd given_up = lease("a");
  const auto id = client.send(wire::Open{.name = "a", .as = OpenAs::publish});
  ASSERT_TRUE(eventually([&] { return ::fcntl(given_up.get(), F_GETLEASE) == F_UNLCK; }));
  ASSERT_EQ(::fcntl(given_up.get(), F_SETLEASE, F_UNLCK), 0);
  EXPECT_TRUE(std::holds_alternative<wire::Opened>(client.reply(id)));
  const os::UniqueFd kept = lease("b");
  EXPECT_EQ(client.refusal(wire::Open{.name = "b", .as = OpenAs::publish}).code, Errc::held);
}

TEST_P(DaemonHostile, NamesCannotForgeLogFields) {
  {
    const RawClient forger(broker.socket(), "x\" uid=0 name=\"root");
  }
  EXPECT_TRUE(broker.wait_for_log(R"(name="x\" uid=0 name=\"root")"));
}

}  // namespace
}  // namespace tenure::support
