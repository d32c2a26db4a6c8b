// SPDX-License-Identifier: Apache-2.0
// Clients that connect to a broker which is not quite there.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include <tenure/tenure.hpp>

#include "proto/os/unique_fd.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

/// A socket where a broker would listen, in a directory of its own. Throws std::runtime_error.
class PlayedBroker {
 public:
  PlayedBroker() {
    if (::mkdtemp(directory_.data()) == nullptr) {
      throw std::runtime_error("mkdtemp");
    }
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    if (::bind(listening_.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listening_.get(), 4) != 0) {
      throw std::runtime_error("bind");
    }
  }
  PlayedBroker(const PlayedBroker&) = delete;
  PlayedBroker& operator=(const PlayedBroker&) = delete;
  ~PlayedBroker() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string socket() const { return directory_ + "/control.sock"; }
  /// The next connection; none after 20 s.
  [[nodiscard]] os::UniqueFd accept() const {
    ::pollfd wait{.fd = listening_.get(), .events = POLLIN, .revents = 0};
    return os::UniqueFd(::poll(&wait, 1, 20'000) == 1
                            ? ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)
                            : -1);
  }
  static void welcome(const os::UniqueFd& connection) {
    std::array<char, 4096> hello{};
    ASSERT_GT(::recv(connection.get(), hello.data(), hello.size(), 0), 0);
    wire::Welcome welcome;
    welcome.version = 1;
    welcome.session = 7;
    welcome.page_bytes = 4096;
    const std::string answer = wire::encode(wire::Reply{.id = 1, .body = std::move(welcome)});
    ASSERT_EQ(::send(connection.get(), answer.data(), answer.size(), 0),
              static_cast<ssize_t>(answer.size()));
  }

 private:
  std::string directory_ = "/tmp/tenure-test-XXXXXX";
  os::UniqueFd listening_{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
};

TEST(Connect, WhoWasTooLateForAHelloTriesOnceMore) {
  const PlayedBroker broker;
  std::thread played([&] {
    {
      const os::UniqueFd late = broker.accept();
      std::this_thread::sleep_for(1100ms);  // As long as the client could have been stopped.
    }
    const os::UniqueFd again = broker.accept();
    PlayedBroker::welcome(again);
  });
  const auto client = Client::connect({.socket = broker.socket(), .timeout = 20s});
  played.join();
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_EQ(client->session(), 7U);
}

TEST(Connect, ABrokerThatHangsUpAtOnceIsGone) {
  const PlayedBroker broker;
  std::thread played([&] { const os::UniqueFd refused = broker.accept(); });
  const auto client = Client::connect({.socket = broker.socket(), .timeout = 20s});
  played.join();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::broker_gone);
}

}  // namespace
}  // namespace tenure::test
