// SPDX-License-Identifier: Apache-2.0
// Holders that lie: they keep their memory, fork, are stopped, hang up. As the same uid, and as
// another one where this runs as root.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>

#include "tests/process/buffer_fixture.hpp"
#include "tests/process/raw_holder.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint32_t kOtherUid = 4242;

// The parameter: whether the liar has another uid.
class BufferAttack : public BufferTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && ::geteuid() != 0) {
      GTEST_SKIP() << "another uid takes root";
    }
  }
  void become_liar() const {
    if (GetParam() && (::setresgid(kOtherUid, kOtherUid, kOtherUid) != 0 ||
                       ::setresuid(kOtherUid, kOtherUid, kOtherUid) != 0)) {
      throw std::runtime_error("cannot become another user");
    }
  }
  // A process of the liar's uid that has done `lie` with a claimed and attached token.
  support::Child liar(const std::string& ticket, const std::function<void(RawHolder&)>& lie) {
    return run_until_killed([&] {
      become_liar();
      static std::optional<RawHolder> holder;
      holder.emplace(broker_.socket());
      holder->claim(ticket);
      holder->attach();
      holder->map();
      lie(*holder);
    });
  }
  static std::string borrow_ticket(Buffer& pool) {
    return or_throw(or_throw(pool.borrow(pages(0, 1))).transfer());
  }
  // What it writes from now on is the liar's own affair.
  static void expect_untouched(Buffer& pool) {
    Borrow next = or_throw(pool.borrow(pages(0, 1), {.timeout = 30s}));
    if (next.poisoned()) {
      or_throw(next.acknowledge());
    }
    const auto bytes = or_throw(next.attach());
    std::ranges::fill(bytes, std::byte{1});
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(bytes[0], std::byte{1}) << "the liar still writes here";
      ::sched_yield();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Uid, BufferAttack, testing::Bool(), [](const auto& tested) {
  return tested.param ? "Another" : "Same";
});

TEST_P(BufferAttack, ReleaseIsRefusedWhileItKeepsAWritableDescriptor) {
  TENURE_NEED_LEASES();
  Buffer pool = make();
  const std::string ticket = borrow_ticket(pool);
  support::Child child([&] {
    become_liar();
    RawHolder holder(broker_.socket());
    holder.claim(ticket);
    holder.attach();
    or_throw(holder.detach());
    const auto refused = holder.release();
    if (refused || refused.error().code != Errc::still_mapped) {
      return 1;
    }
    holder.let_go();
    return holder.release() ? 0 : 2;
  });
  EXPECT_EQ(child.wait(20s), 0);
}

TEST_P(BufferAttack, ForkedChildOfADeadHolderWritesToNobody) {
  Buffer pool = make();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  support::Child child = liar(borrow_ticket(pool), [&](RawHolder& holder) {
    // The library keeps writable maps out of children: this one maps again.
    const pid_t forked = ::fork();
    if (forked == 0) {
      const os::Mapping again = holder.mapped();
      for (;;) {
        *const_cast<volatile std::byte*>(again.data()) = std::byte{0xEE};
      }
    }
    if (::write(ends[1], &forked, sizeof forked) != sizeof forked) {
      throw std::runtime_error("write");
    }
  });
  pid_t forked = 0;
  ASSERT_EQ(::read(ends[0], &forked, sizeof forked), static_cast<ssize_t>(sizeof forked));
  child.kill();
  expect_untouched(pool);
  EXPECT_TRUE(broker_.wait_for_log("grain_moved"));
  EXPECT_EQ(::kill(forked, SIGKILL), 0) << "it was alive all the time";
  ::close(ends[0]);
  ::close(ends[1]);
}

// The other part of the grain is still read where it lies: it moves once that is detached.
TEST_P(BufferAttack, GrainThatSomebodyHasAttachedStaysWhereItIs) {
  TENURE_NEED_LEASES();
  if (GetParam()) {
    GTEST_SKIP() << "other uids share no grain";
  }
  Buffer pool = make({.grain_bytes = 4 * kPage});
  support::Child child = liar(borrow_ticket(pool), [](RawHolder& holder) { holder.hang_up(); });
  Freeze reader = or_throw(pool.freeze(pages(2, 3)));
  or_throw(reader.attach());
  Borrow next = or_throw(pool.borrow(pages(0, 1), {.timeout = 30s}));
  or_throw(next.acknowledge());
  const auto refused = next.attach();
  EXPECT_EQ(code_of(refused), Errc::held);
  EXPECT_THAT(refused.error().message(), HasSubstr("has it attached"));
  or_throw(reader.detach());
  or_throw(next.attach());
}

TEST_P(BufferAttack, HolderThatHangsUpAliveLosesWhatSomebodyWaitsFor) {
  Buffer pool = make();
  support::Child child = liar(borrow_ticket(pool), [](RawHolder& holder) { holder.hang_up(); });
  expect_untouched(pool);
  EXPECT_EQ(::kill(child.pid(), 0), 0);
}

TEST_P(BufferAttack, StoppedHolderKeepsItsRegion) {
  Buffer pool = make();
  support::Child child = liar(borrow_ticket(pool), [](RawHolder& /*holder*/) {});
  child.signal(SIGSTOP);
  const auto refused = pool.borrow(pages(0, 1), {.timeout = 50ms});
  EXPECT_EQ(code_of(refused), Errc::timed_out);
  EXPECT_THAT(refused.error().message(), HasSubstr("is borrowed by liar"));
  child.kill();
  expect_untouched(pool);
}

// Every way from a read-only grant to a written byte.
TEST_P(BufferAttack, FrozenGrainCannotBeWritten) {
  Buffer pool = make();
  Freeze frozen = or_throw(pool.freeze(pages(0, 1)));
  const std::string ticket = or_throw(frozen.transfer());
  support::Child child([&] {
    become_liar();
    RawHolder holder(broker_.socket());
    holder.claim(ticket);
    holder.attach();
    const int fd = holder.fd();
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const auto fails = [](bool has_worked, int status) { return has_worked ? status : 0; };
    std::array<int, 8> results{
        fails(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED, 1),
        fails(::pwrite(fd, "x", 1, 0) >= 0, 2),
        fails(::ftruncate(fd, 0) == 0, 3),
        fails(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage) == 0, 4),
        fails(::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0, 5),
        // The broker's own uid could reopen it: that uid can do everything.
        fails(GetParam() && ::open(path.c_str(), O_RDWR) >= 0, 6),
        fails(GetParam() && ::fchmod(fd, 0666) == 0, 7),
        0};
    void* read_only = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd, 0);
    results[7] = fails(::mprotect(read_only, kPage, PROT_READ | PROT_WRITE) == 0, 8);
    for (const int result : results) {
      if (result != 0) {
        return result;
      }
    }
    return 0;
  });
  EXPECT_EQ(child.wait(20s), 0);
}

TEST_P(BufferAttack, PartOfAGrainIsRefusedBetweenUids) {
  Buffer pool = make({.grain_bytes = 4 * kPage});
  const std::string part = or_throw(or_throw(pool.borrow(pages(1, 2))).transfer());
  const std::string whole = or_throw(or_throw(pool.borrow(pages(4, 8))).transfer());
  support::Child child([&] {
    become_liar();
    Client own = connect("other");
    const auto refused = own.claim<Borrow>(part);
    const bool is_right = GetParam() ? code_of(refused) == Errc::needs_grain : refused.has_value();
    return is_right && own.claim<Borrow>(whole) ? 0 : 1;
  });
  EXPECT_EQ(child.wait(20s), 0);
  if (GetParam()) {
    or_throw(boss_.claim<Borrow>(part));  // The ticket stayed good.
  }
}

TEST_P(BufferAttack, IsolatedGrainPassesToAnotherUidAsACopy) {
  TENURE_NEED_LEASES();
  Buffer pool = make({.handover = Handover::isolate});
  Borrow mine = or_throw(pool.borrow(pages(0, 1)));
  const std::string ticket = or_throw(mine.transfer());
  RawHolder first(broker_.socket());
  first.claim(ticket);
  first.attach();
  first.map();
  first.data()[0] = std::byte{5};
  const ::ino_t before = first.inode();
  or_throw(first.detach());
  first.let_go();
  or_throw(first.release());

  const std::string next = borrow_ticket(pool);
  support::Child child([&] {
    become_liar();
    RawHolder second(broker_.socket());
    second.claim(next);
    second.attach();
    second.map();
    return (second.inode() != before) == GetParam() && second.data()[0] == std::byte{5} ? 0 : 1;
  });
  EXPECT_EQ(child.wait(20s), 0);
}

}  // namespace
}  // namespace tenure::test
