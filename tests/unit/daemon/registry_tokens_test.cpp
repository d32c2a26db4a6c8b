// SPDX-License-Identifier: Apache-2.0
// Tokens of several buffers and sessions, as the registry keeps their books.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::uint64_t kSize = 65536;

class RegistryTokens : public RegistryTest {
 protected:
  struct Memory : GrainMemory {
    GrainCheck check(std::uint64_t /*grain*/) override { return answer; }
    GrainCheck answer = GrainCheck::clean;
  };

  std::uint64_t make(std::uint32_t session, const std::string& name, std::uint32_t mode = 0777) {
    BufferOptions options{.size_bytes = kSize, .root = Root::broker};
    options.terms.mode = mode;
    options.terms.lifetime = Lifetime::persistent;
    auto declared = registry.declare(ask(session), {.name = name, .options = options});
    EXPECT_TRUE(declared.has_value());
    const std::uint64_t id = declared->segment->memory.segment;
    static_cast<void>(registry.complete(id, true));
    registry.find_by_id(id)->buffer->grains().set_memory(memory);
    return id;
  }
  std::uint64_t open_buffer(std::uint32_t session, const std::string& name) {
    return (*or_throw(registry.open(ask(session), {.name = name, .as = wire::OpenAs::lend}, {})))
        .id;
  }
  wire::Lend wish(std::uint64_t handle, TokenMode mode = TokenMode::borrow) {
    return {.handle = handle, .mode = mode, .regions = {{0, kSize}}};
  }
  std::uint64_t must_lend(std::uint32_t session, const wire::Lend& request) {
    return or_throw(registry.lend(ask(session), request))->front();
  }

  Memory memory;
};

TEST_F(RegistryTokens, BorrowTakesTheRightWAndFreezeR) {
  make(connect(1), "pool", 0704);
  const auto reader = connect(2, 200);
  const std::uint64_t handle = open_buffer(reader, "pool");
  const auto refused = registry.lend(ask(reader), wish(handle));
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_EQ(refused.error().detail, "uid 2 has r--, needs -w-");
  must_lend(reader, wish(handle, TokenMode::freeze));
}

TEST_F(RegistryTokens, TicketNeedsNoRight) {
  const auto owner = connect(1);
  make(owner, "pool", 0700);
  const std::uint64_t token = must_lend(owner, wish(open_buffer(owner, "pool")));
  const std::string ticket =
      or_throw(registry.transfer(owner, {.token = token}, "0123456789abcdef"));
  const auto stranger = connect(2, 200);
  EXPECT_EQ(registry.claim(stranger, {.ticket = ticket + "0"}).error().code, Errc::stale);
  EXPECT_EQ(registry.claim(stranger, {.ticket = "tenure:x"}).error().code, Errc::stale);
  const std::uint64_t claimed = or_throw(registry.claim(stranger, {.ticket = ticket}));
  EXPECT_TRUE(registry.holding(stranger, claimed).has_value());
  EXPECT_EQ(registry.holding(owner, claimed).error().code, Errc::stale);
}

TEST_F(RegistryTokens, OneNumberWaitsOnceInAllBuffers) {
  const auto owner = connect(1);
  make(owner, "a");
  make(owner, "b");
  const std::uint64_t token = must_lend(owner, wish(open_buffer(owner, "a")));
  must_lend(owner, wish(open_buffer(owner, "b")));
  const auto other = connect(1);
  wire::Lend waiting = wish(open_buffer(other, "a"));
  waiting.timeout = 1h;
  const Asker asker = ask(other);
  EXPECT_FALSE(or_throw(registry.lend(asker, waiting)));
  waiting.handle = open_buffer(other, "b");
  EXPECT_EQ(registry.lend(asker, waiting).error().code, Errc::bad_request);
  EXPECT_EQ(registry.open(asker, {.name = "later", .timeout = 1h}, {}).error().code,
            Errc::bad_request);
  registry.remove_session(other);
  EXPECT_TRUE(registry.release(owner, token).has_value());
}

TEST_F(RegistryTokens, DeadReadersMemoryIsAttachedToNobody) {
  const auto owner = connect(1);
  const std::uint64_t id = make(owner, "pool");
  const auto reader = connect(1);
  const std::uint64_t token =
      must_lend(reader, wish(open_buffer(reader, "pool"), TokenMode::freeze));
  ASSERT_TRUE(registry.attach(reader, token).has_value());
  Buffer& buffer = *registry.find_by_id(id)->buffer;
  buffer.grains().attach(*buffer.tokens().find_any(token), {.begin = 0, .end = 16}, false);
  EXPECT_EQ(buffer.grains().attached_to(0), token);
  registry.remove_session(reader);
  EXPECT_FALSE(buffer.grains().attached_to(0));
}

TEST_F(RegistryTokens, TokensKeepARemovedBufferAlive) {
  const auto owner = connect(1);
  const std::uint64_t id = make(owner, "pool");
  const std::uint64_t handle = open_buffer(owner, "pool");
  const std::uint64_t token = must_lend(owner, wish(handle));
  ASSERT_TRUE(registry.close(owner, handle).has_value());
  ASSERT_TRUE(registry.remove(owner, "pool").has_value());
  EXPECT_TRUE(registry.take_effects().released.empty());
  ASSERT_TRUE(registry.release(owner, token).has_value());
  const auto released = registry.take_effects().released;
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(released[0].id.segment, id);
  EXPECT_EQ(registry.find_by_id(id), nullptr);
}

TEST_F(RegistryTokens, AbsentHolderLosesAfterTheGraceWhatSomebodyWaitsFor) {
  const auto owner = connect(1);
  make(owner, "pool");
  const auto absent = connect(1);
  must_lend(absent, wish(open_buffer(absent, "pool")));
  registry.set_now(1s);
  registry.set_disconnected(absent, 1s);
  wire::Lend waiting = wish(open_buffer(owner, "pool"));
  waiting.timeout = 1h;
  ASSERT_FALSE(or_throw(registry.lend(ask(owner), waiting)));
  EXPECT_EQ(registry.next_deadline(), Time(1s) + kDisconnectedGrace);
  static_cast<void>(registry.take_effects());
  registry.set_now(1s + kDisconnectedGrace);
  registry.expire(1s + kDisconnectedGrace);
  const auto outcomes = registry.take_effects().token_outcomes;
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(std::get<std::vector<std::uint64_t>>(outcomes[0].outcome.result).size(), 1U);
}

TEST_F(RegistryTokens, QuotaSaysHowManyTokensAUidHas) {
  const auto owner = connect(1);
  make(owner, "pool");
  wire::Lend many = wish(open_buffer(owner, "pool"), TokenMode::freeze);
  many.regions.assign(limits().tokens_per_uid + 1, {0, kSize});
  const auto refused = registry.lend(ask(owner), many);
  EXPECT_EQ(refused.error().code, Errc::quota);
  EXPECT_THAT(refused.error().detail, HasSubstr("tokens of uid 1"));
}

}  // namespace
}  // namespace tenure::core
