// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/process/daemon_fixture.hpp"

namespace tenure::support {
namespace {

using ::testing::HasSubstr;
using wire::OpenAs;

constexpr std::uint32_t kStrangerUid = 54321;

// `tenured` with these arguments, run to its end.
struct Ended {
  int status = 0;
  std::string output = {};
};

class DaemonProgram : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> arguments) {
    const std::string path = broker.directory() + "/output";
    Child child([&] {
      const int output = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      ::dup2(output, STDOUT_FILENO);
      ::dup2(output, STDERR_FILENO);
      std::string program = tenured_path();
      std::vector<char*> argv{program.data()};
      for (std::string& argument : arguments) {
        argv.push_back(argument.data());
      }
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      return 126;
    });
    Ended result{.status = child.wait(std::chrono::seconds(20))};
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    result.output = text.str();
    return result;
  }

  PrivateBroker broker{{.arguments = {"--budget", "64M"}}};
};

TEST_F(DaemonProgram, SigtermEndsItInGoodOrder) {
  RawClient client(broker.socket());
  const int status = broker.stop(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  client.wait_for_end();
  EXPECT_FALSE(std::filesystem::exists(broker.socket()));
  EXPECT_THAT(broker.log(), HasSubstr("stopped"));
}

TEST_F(DaemonProgram, SigtermWhileMemoryIsMadeStillAnswers) {
  RawClient client(broker.socket());
  auto topic = small_topic("large");
  topic.options.schema[0].shape = {4 << 20U};
  topic.options.terms.pages = Pages::huge;
  const auto id = client.send(topic);
  ASSERT_EQ(::kill(broker.pid(), SIGTERM), 0);
  try {
    EXPECT_TRUE(std::holds_alternative<wire::Created>(client.reply(id)));
  } catch (const std::runtime_error&) {
    // The signal was seen before the request: hung up without an answer.
    EXPECT_EQ(broker.log().find("segment_created"), std::string::npos);
  }
  EXPECT_EQ(WEXITSTATUS(broker.stop(SIGTERM)), 0);
}

// Else clients that keep asking would keep it from ever being done.
TEST(DaemonDraining, NoRequestIsReadOnceItDrains) {
  PrivateBroker broker{{.arguments = {"--budget", "512M"}}};
  RawClient client(broker.socket());
  auto topic = small_topic("large");
  topic.options.schema[0].shape = {48 << 20U};  // Four slots, so a while to reserve.
  client.send(topic);
  static_cast<void>(client.ask_for<wire::Welcome>(wire::Ping{}));
  ASSERT_EQ(::kill(broker.pid(), SIGTERM), 0);
  ASSERT_TRUE(broker.wait_for_log("draining"));
  try {
    client.send(wire::Ping{});
    while (const auto message = client.receive()) {
      EXPECT_FALSE(std::holds_alternative<wire::Welcome>(std::get<wire::Reply>(*message).body));
    }
  } catch (const std::runtime_error& hung_up) {
    EXPECT_NE(std::string(hung_up.what()), "");
  }
  EXPECT_EQ(WEXITSTATUS(broker.stop(SIGTERM)), 0);
}

TEST_F(DaemonProgram, SecondSignalDoesNotWaitForTheFirst) {
  RawClient client(broker.socket());
  ::kill(broker.pid(), SIGSTOP);
  client.send(small_topic("a"));
  ::kill(broker.pid(), SIGTERM);
  ::kill(broker.pid(), SIGINT);
  EXPECT_EQ(WEXITSTATUS(broker.stop(SIGTERM)), 0);
}

TEST_F(DaemonProgram, StartedWithoutStandardStreamsItLogsNowhere) {
  const std::string socket = broker.directory() + "/other.sock";
  Child other([&] {
    std::string program = tenured_path();
    for (int fd = 0; fd <= 2; ++fd) {
      ::close(fd);
    }
    ::execl(program.c_str(), program.c_str(), "--socket", socket.c_str(), nullptr);
    return 126;
  });
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(socket); }));
  std::error_code refused;
  const std::string fds = "/proc/" + std::to_string(other.pid()) + "/fd/";
  const auto log = std::filesystem::read_symlink(fds + "2", refused);
  other.signal(SIGTERM);
  EXPECT_EQ(other.wait(std::chrono::seconds(20)), 0);
  if (refused) {
    GTEST_SKIP() << "this user may not look into /proc/PID/fd";
  }
  EXPECT_EQ(log, "/dev/null");
}

TEST_F(DaemonProgram, DirectoryInWhichAnybodyMayReplaceTheSocketIsRefused) {
  const std::string directory = broker.directory() + "/open";
  std::filesystem::create_directory(directory);
  ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
  const Ended open = run({"--socket", directory + "/control.sock"});
  EXPECT_EQ(open.status, 1);
  EXPECT_THAT(open.output, HasSubstr(directory + " may be written by everybody"));
  if (::geteuid() != 0) {
    return;
  }
  ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
  ASSERT_EQ(::chown(directory.c_str(), kStrangerUid, kStrangerUid), 0);
  const Ended foreign = run({"--socket", directory + "/control.sock"});
  EXPECT_EQ(foreign.status, 1);
  EXPECT_THAT(foreign.output, HasSubstr("belongs to another user"));
}

TEST(DaemonLimits, StrangersTakeNoMoreThanTheirShare) {
  Child child([] {
    const ::rlimit few{.rlim_cur = 128, .rlim_max = 128};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const PrivateBroker small;
    std::vector<RawClient> strangers;
    for (int i = 0; i < 5; ++i) {  // A sixteenth of the 64 that are for clients is 4.
      strangers.emplace_back(small.socket(), std::nullopt);
    }
    return small.wait_for_log("connections without a hello") ? 0 : 1;
  });
  EXPECT_EQ(child.wait(std::chrono::seconds(60)), 0);
}

TEST_F(DaemonProgram, SigintEndsItToo) {
  const int status = broker.stop(SIGINT);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(DaemonProgram, SecondBrokerOnTheSameSocketIsRefused) {
  const Ended second = run({"--socket", broker.socket()});
  EXPECT_EQ(second.status, 1);
  EXPECT_EQ(second.output, "tenured: a broker already listens on " + broker.socket() + "\n");
  RawClient client(broker.socket());
  EXPECT_EQ(client.session(), 1U);
}

TEST_F(DaemonProgram, SocketOfADeadBrokerIsTaken) {
  broker.stop(SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(broker.socket()));
  Child next([&] {
    std::string program = tenured_path();
    std::string socket = broker.socket();
    ::execl(program.c_str(), program.c_str(), "--socket", socket.c_str(), nullptr);
    return 126;
  });
  EXPECT_TRUE(eventually([&] {
    try {
      RawClient client(broker.socket());
      return client.session() == 1;
    } catch (const std::runtime_error&) {
      return false;
    }
  }));
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait(std::chrono::seconds(20)), 0);
}

TEST_F(DaemonProgram, FileThatIsNoSocketIsLeftAlone) {
  const std::string path = broker.directory() + "/log";
  const Ended result = run({"--socket", path});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("exists and is no socket"));
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(DaemonProgram, SocketIsOpenToEverybodyInADirectoryThatIsMade) {
  const std::string socket = broker.directory() + "/deep/er/control.sock";
  Child other([&] {
    std::string program = tenured_path();
    ::execl(program.c_str(), program.c_str(), "--socket", socket.c_str(), nullptr);
    return 126;
  });
  struct ::stat status{};
  EXPECT_TRUE(eventually(
      [&] { return ::stat(socket.c_str(), &status) == 0 && (status.st_mode & 0777U) == 0666U; }));
  other.signal(SIGTERM);
  EXPECT_EQ(other.wait(std::chrono::seconds(20)), 0);
}

TEST_F(DaemonProgram, BadSettingsAreOneLineAndStatusTwo) {
  const auto expect_refused = [&](const std::vector<std::string>& arguments, const char* text) {
    const Ended result = run(arguments);
    EXPECT_EQ(result.status, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr(text));
    EXPECT_EQ(std::ranges::count(result.output, '\n'), 1) << result.output;
  };
  expect_refused({"--budget", "plenty"}, "--budget: \"plenty\" is not a size");
  expect_refused({"--budget", "1000T"}, "--budget: 1000T is more than");
  expect_refused({"--log-level", "loud"}, "--log-level");
  expect_refused({"--config", "/nonexistent.json"}, "/nonexistent.json");
  expect_refused({"--fly"}, "--fly");
  expect_refused({"surplus"}, "surplus");
  const std::string config = broker.directory() + "/config.json";
  std::ofstream(config) << R"({"soket": "x"})";
  expect_refused({"--config", config}, "did you mean \"socket\"?");
  ::setenv("TENURE_MASK", "lease,bogus", 1);
  expect_refused({}, "TENURE_MASK: \"bogus\" is none of");
  ::unsetenv("TENURE_MASK");
}

TEST_F(DaemonProgram, LongSocketPathIsRefused) {
  const Ended result = run({"--socket", "/tmp/" + std::string(200, 'x')});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("1 to 107 are allowed"));
}

TEST_F(DaemonProgram, HelpAndVersionAreToldAndStatusZero) {
  const Ended help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* option :
       {"--socket", "--budget", "--log-level", "--config", "--allow-unmapped-uid", "--version"}) {
    EXPECT_THAT(help.output, HasSubstr(option));
  }
  const Ended version = run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, HasSubstr("tenured 0."));
}

TEST_F(DaemonProgram, LogIsOneEventPerLine) {
  {
    RawClient client(broker.socket(), "evil\nname");
    static_cast<void>(client.ask_for<wire::Created>(small_topic("a")));
  }
  ASSERT_TRUE(broker.wait_for_log("session_ended"));
  const std::string log = broker.log();
  EXPECT_THAT(log, HasSubstr("started release="));
  EXPECT_THAT(log, HasSubstr("name=\"evil?name\""));
  EXPECT_THAT(log, HasSubstr("segment_created name=a id=1"));
}

class DaemonStranger : public DaemonProgram {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can act as another uid";
    }
  }

  // Runs `act` with a client of another uid; its result is the exit status.
  template <class Act>
  int as_stranger(Act act) {
    Child child([this, act] {
      if (::setgroups(0, nullptr) != 0 || ::setgid(kStrangerUid) != 0 ||
          ::setuid(kStrangerUid) != 0) {
        return 98;
      }
      RawClient own(broker.socket(), "stranger");
      return act(own);
    });
    return child.wait(std::chrono::seconds(20));
  }

  static int code_of(const wire::ReplyBody& answer) {
    const auto* error = std::get_if<Error>(&answer);
    return error == nullptr ? 0 : static_cast<int>(error->code);
  }
};

TEST_F(DaemonStranger, SeesNothingWithoutRights) {
  RawClient owner(broker.socket());
  static_cast<void>(owner.ask_for<wire::Created>(small_topic("secret")));
  EXPECT_EQ(as_stranger([](RawClient& own) {
              return code_of(own.ask(wire::Open{.name = "secret", .as = OpenAs::observe}));
            }),
            static_cast<int>(Errc::not_found));
  EXPECT_EQ(as_stranger([](RawClient& own) {
              return static_cast<int>(own.ask_for<wire::Listed>(wire::List{}).total);
            }),
            0);
  EXPECT_EQ(as_stranger([](RawClient& own) { return code_of(own.ask(small_topic("secret"))); }),
            static_cast<int>(Errc::exists));
}

TEST_F(DaemonStranger, GetsWhatTheModeGivesAndNoMore) {
  RawClient owner(broker.socket());
  auto topic = small_topic("shown");
  topic.options.terms.mode = 0704;
  static_cast<void>(owner.ask_for<wire::Created>(topic));
  EXPECT_EQ(as_stranger([](RawClient& own) {
              return code_of(own.ask(wire::Open{.name = "shown", .as = OpenAs::subscribe}));
            }),
            static_cast<int>(Errc::denied));
  EXPECT_EQ(
      as_stranger([](RawClient& own) { return code_of(own.ask(wire::Remove{.name = "shown"})); }),
      static_cast<int>(Errc::denied));
  EXPECT_EQ(as_stranger([](RawClient& own) {
              const RawRole role = open_role(own, "shown", OpenAs::observe);
              const int fd = role.fd(wire::Memory::data).get();
              const std::string path = "/proc/self/fd/" + std::to_string(fd);
              return ::open(path.c_str(), O_RDWR) < 0 && errno == EACCES ? 0 : 1;
            }),
            0)
      << "a read-only fd cannot be reopened read-write";
}

TEST_F(DaemonStranger, LimitsOfALosslessTopicCountForIt) {
  RawClient owner(broker.socket());
  auto topic = small_topic("kept");
  topic.options.retention = Retention::lossless;
  topic.options.terms.mode = 0705;
  static_cast<void>(owner.ask_for<wire::Created>(topic));
  EXPECT_EQ(as_stranger([](RawClient& own) {
              const RawRole role = open_role(own, "kept", OpenAs::subscribe);
              return role.head().limited[0].load(std::memory_order_acquire) == 1 ? 0 : 1;
            }),
            0);
}

TEST_F(DaemonStranger, UnmappedUidIsRefused) {
  Child child([this] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) {
      return 98;
    }
    RawClient own(broker.socket(), std::nullopt);
    return code_of(own.ask(wire::Hello{.client = "nobody"}));
  });
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), static_cast<int>(Errc::denied));
}

}  // namespace
}  // namespace tenure::support
