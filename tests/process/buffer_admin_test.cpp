// SPDX-License-Identifier: Apache-2.0
// The administrators' socket, and taking tokens away.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/process/buffer_fixture.hpp"

namespace tenure::test {
namespace {

using ::testing::HasSubstr;

class BufferAdmin : public testing::Test {
 protected:
  BufferAdmin() { or_throw(client_.create_buffer("pool", {.size_bytes = 4 * kPage})); }
  ~BufferAdmin() override {
    broker_.stop(SIGTERM);
    std::filesystem::remove_all(directory_);
  }

  static std::string make_directory() {
    std::string path = "/tmp/tenure-test-XXXXXX";
    return ::mkdtemp(path.data());
  }
  static Result<void> revoke(const std::string& socket, std::uint64_t token) {
    return or_throw(Client::connect({.socket = socket, .name = "admin"})).revoke(token);
  }

  const std::string directory_ = make_directory();
  const std::string admin_socket_ = directory_ + "/admin.sock";
  support::PrivateBroker broker_{{.arguments = {"--admin-socket", admin_socket_}}};
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "holder"}));
};

TEST_F(BufferAdmin, SocketIsItsUsersOwn) {
  struct ::stat file{};
  ASSERT_EQ(::stat(admin_socket_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST_F(BufferAdmin, OnlyAdministratorsTakeTokensAway) {
  Buffer pool = or_throw(client_.buffer("pool"));
  Borrow held = or_throw(pool.borrow({0, kPage}));
  const auto refused = revoke(broker_.socket(), held.id());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_THAT(refused.error().hint, HasSubstr("--admin-socket"));
  or_throw(revoke(admin_socket_, held.id()));
  EXPECT_EQ(held.attach().error().code, Errc::stale);
  EXPECT_EQ(revoke(admin_socket_, held.id()).error().code, Errc::stale);
  or_throw(pool.borrow({0, kPage}));
}

}  // namespace
}  // namespace tenure::test
