// SPDX-License-Identifier: Apache-2.0
// Limits that a holder of many tokens meets.
#include <sys/mman.h>

#include <cstring>
#include <optional>

#include "tests/process/daemon_fixture.hpp"

namespace tenure::support {
namespace {

constexpr std::uint64_t kPage = 4096;

class DaemonBuffer : public DaemonTest {
 protected:
  std::uint64_t make(std::uint64_t size_bytes, std::uint64_t grain_bytes) {
    static_cast<void>(client.ask_for<wire::Created>(
        wire::CreateBuffer{.name = "pool",
                           .options = {.size_bytes = size_bytes,
                                       .grain_bytes = grain_bytes,
                                       .root = Root::broker,
                                       .terms = {.pages = Pages::small}}}));
    return client.ask_for<wire::OpenedBuffer>(wire::Open{.name = "pool", .as = wire::OpenAs::lend})
        .handle;
  }
  // Every page is written, so that moving it takes a while.
  void fill(std::uint64_t handle, std::uint64_t size_bytes) {
    const std::uint64_t token =
        client.ask_for<wire::Lent>(wire::Lend{.handle = handle, .regions = {{0, size_bytes}}})
            .tokens.front()
            .token;
    static_cast<void>(client.ask_for<wire::Attached>(wire::Attach{.token = token}));
    void* const map = ::mmap(
        nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, client.fds().front().get(), 0);
    ASSERT_NE(map, MAP_FAILED);
    std::memset(map, 1, size_bytes);
    ::munmap(map, size_bytes);
    client.fds().clear();
    static_cast<void>(client.ask_for<wire::Done>(wire::Detach{.token = token}));
    static_cast<void>(client.ask_for<wire::Done>(wire::Release{.token = token}));
  }

  RawClient client{broker.socket()};
};
TENURE_WITH_AND_WITHOUT_FEATURES(DaemonBuffer);

TEST_P(DaemonBuffer, WhoDoesNotReadItsEventsIsSentNoMoreTickets) {
  constexpr std::uint64_t kPages = 4096;  // Far more than it can have unread.
  const RawClient deaf(broker.socket(), "deaf");
  const std::uint64_t handle = make(kPages * kPage, 0);
  std::optional<Error> refused;
  for (std::uint64_t page = 0; page < kPages && !refused; ++page) {
    const auto lent = client.ask_for<wire::Lent>(
        wire::Lend{.handle = handle, .regions = {{page * kPage, (page + 1) * kPage}}});
    const wire::Transfer transfer{.token = lent.tokens.front().token, .to_session = deaf.session()};
    auto answer = client.ask(transfer);
    if (const auto* error = std::get_if<Error>(&answer)) {
      refused = *error;
      // The token is as it was.
      static_cast<void>(client.ask_for<wire::Done>(wire::Release{.token = transfer.token}));
    }
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::too_many);
  EXPECT_THAT(refused->detail, testing::HasSubstr("does not read its events"));
}

TEST_P(DaemonBuffer, NotMoreThan64AttachesOfASessionWaitForAGrainThatMoves) {
  if (!is_masked()) {
    GTEST_SKIP() << "with leases an honest writer's memory stays where it is";
  }
  constexpr std::uint64_t kBytes = std::uint64_t{96} << 20U;
  const std::uint64_t handle = make(kBytes, kBytes);
  std::optional<Error> refused;
  for (int round = 0; round < 5 && !refused; ++round) {  // The move may be over too early.
    fill(handle, kBytes);
    const std::vector<Region> pages(wire::kMaxRequestsInFlight + 2, {0, kPage});
    const auto lent = client.ask_for<wire::Lent>(
        wire::Lend{.handle = handle, .mode = TokenMode::freeze, .regions = pages});
    for (const wire::Granted& token : lent.tokens) {
      client.send(wire::Attach{.token = token.token});
    }
    for (std::size_t i = 0; i < lent.tokens.size(); ++i) {  // In whatever order they are answered.
      const auto answer = client.receive();
      ASSERT_TRUE(answer);
      if (const auto* error = std::get_if<Error>(&std::get<wire::Reply>(*answer).body)) {
        refused = *error;
      }
    }
    for (const wire::Granted& token : lent.tokens) {
      static_cast<void>(client.ask(wire::Detach{.token = token.token}));
      static_cast<void>(client.ask_for<wire::Done>(wire::Release{.token = token.token}));
    }
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::too_many);
  EXPECT_EQ(refused->count, wire::kMaxRequestsInFlight);
}

}  // namespace
}  // namespace tenure::support
