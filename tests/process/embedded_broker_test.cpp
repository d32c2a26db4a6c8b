// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>

#include <tenure/broker.hpp>

#include "tests/support/child.hpp"

namespace tenure {
namespace {

using ::testing::HasSubstr;

long thread_count() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/task");
  return std::distance(begin(entries), end(entries));
}

TopicOptions small_topic() {
  return {.schema = {{"x", DType::uint8, {8}}}, .terms = {.pages = Pages::small}};
}

TEST(EmbeddedBroker, ServesItsOwnProgram) {
  auto broker = Broker::start({.budget_bytes = 64 << 20U});
  ASSERT_TRUE(broker.has_value()) << broker.error().message();
  auto client = broker->connect();
  ASSERT_TRUE(client.has_value()) << client.error().message();
  ASSERT_TRUE(client->create_topic("a", small_topic()).has_value());
  EXPECT_EQ(client->inspect("a").value().name, "a");
  EXPECT_EQ(client->broker_info().value().budget_bytes, std::uint64_t{64} << 20U);
}

TEST(EmbeddedBroker, LeavesNothingBehind) {
  std::thread([] {}).join();  // The first one brings ThreadSanitizer's own, which stays.
  const long threads = thread_count();
  std::string directory;
  {
    auto broker = Broker::start({.budget_bytes = 64 << 20U});
    ASSERT_TRUE(broker.has_value()) << broker.error().message();
    directory = std::filesystem::path(broker->socket()).parent_path().string();
    struct ::stat status{};
    ASSERT_EQ(::stat(directory.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    EXPECT_GT(thread_count(), threads);
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_TRUE(support::eventually([&] { return thread_count() == threads; }));
}

TEST(EmbeddedBroker, TouchesNeitherSignalsNorDumpability) {
  struct ::sigaction before{};
  ::sigset_t mask_before{};
  ::sigaction(SIGIO, nullptr, &before);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  auto broker = Broker::start({.budget_bytes = 64 << 20U});
  ASSERT_TRUE(broker.has_value());
  for (const int signal : {SIGIO, SIGTERM, SIGINT, SIGPIPE}) {
    struct ::sigaction now{};
    ::sigaction(signal, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL) << signal;
  }
  ::sigset_t mask{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), sigismember(&mask_before, SIGTERM));
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), dumpable);
}

TEST(EmbeddedBroker, SocketInUseExists) {
  auto broker = Broker::start({.budget_bytes = 64 << 20U});
  ASSERT_TRUE(broker.has_value());
  const auto second = Broker::start({.socket = broker->socket(), .budget_bytes = 64 << 20U});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::exists);
  EXPECT_TRUE(broker->connect().has_value());
}

TEST(EmbeddedBroker, BadOptionsAreNamed) {
  const auto budget = Broker::start({.budget_bytes = ~std::uint64_t{0}});
  ASSERT_FALSE(budget.has_value());
  EXPECT_EQ(budget.error().code, Errc::bad_request);
  EXPECT_THAT(budget.error().detail, HasSubstr("budget_bytes"));
  const auto path = Broker::start({.socket = "/tmp/" + std::string(200, 'x')});
  ASSERT_FALSE(path.has_value());
  EXPECT_EQ(path.error().code, Errc::bad_request);
  const auto directory = Broker::start({.socket = "/proc/none/control.sock"});
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(directory.error().code, Errc::not_found);
}

TEST(EmbeddedBroker, EndsWithClientsStillThere) {
  auto broker = Broker::start({.budget_bytes = 64 << 20U});
  ASSERT_TRUE(broker.has_value());
  auto client = broker->connect();
  ASSERT_TRUE(client.has_value());
  ASSERT_TRUE(client->create_topic("a", small_topic()).has_value());
  auto publisher = client->publisher("a");
  ASSERT_TRUE(publisher.has_value()) << publisher.error().message();
  {
    const Broker ended = *std::move(broker);
  }
  EXPECT_EQ(client->ping().error().code, Errc::broker_gone);
}

}  // namespace
}  // namespace tenure
