// SPDX-License-Identifier: Apache-2.0
// Regions as descriptors, for programs without the library.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>

#include "tests/process/buffer_fixture.hpp"

namespace tenure::test {
namespace {

using ::testing::MatchesRegex;

class BufferInherit : public BufferTest {
 protected:
  // Runs `shell` with the region as FD; its exit status.
  static int run(const InheritedRegion& region, const std::string& shell) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool has_region = region.bequeath().has_value();
      const std::string text = region.text();
      ::setenv("FD", text.substr(0, text.find(':')).c_str(), 1);
      if (has_region) {
        ::execlp("sh", "sh", "-c", shell.c_str(), nullptr);
      }
      ::_exit(99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
};

TEST_F(BufferInherit, AProgramWritesWhatTheNextOneReads) {
  Buffer pool = make();
  {
    Borrow borrow = or_throw(pool.borrow(pages(2, 4)));
    auto region = or_throw(InheritedRegion::attach(borrow));
    EXPECT_THAT(region.text(), MatchesRegex("[0-9]+:0:8192:4096;[0-9]+:0:12288:4096"));
    EXPECT_EQ(run(region, "printf hello >&$FD"), 0);
    or_throw(region.detach());
    or_throw(borrow.release());
  }
  Freeze freeze = or_throw(pool.freeze(pages(2, 4)));
  const auto bytes = or_throw(freeze.attach());
  EXPECT_EQ(std::memcmp(bytes.data(), "hello", 5), 0);
}

TEST_F(BufferInherit, AFreezeCannotBeWrittenByTheProgram) {
  Buffer pool = make();
  const Freeze freeze = or_throw(pool.freeze(pages(0, 1)));
  const auto region = or_throw(InheritedRegion::attach(freeze));
  EXPECT_NE(run(region, "printf x >&$FD"), 0);
  EXPECT_NE(run(region, "printf x >/dev/fd/$FD"), 0);
  EXPECT_EQ(run(region, "head -c 1 <&$FD >/dev/null"), 0);
}

TEST_F(BufferInherit, TheTokenIsAttachedMeanwhile) {
  Buffer pool = make();
  Borrow borrow = or_throw(pool.borrow(pages(0, 1)));
  auto region = or_throw(InheritedRegion::attach(borrow));
  EXPECT_EQ(code_of(borrow.release()), Errc::attached);
  EXPECT_EQ(code_of(borrow.transfer()), Errc::attached);
  EXPECT_EQ(code_of(borrow.attach()), Errc::attached);
  EXPECT_EQ(code_of(InheritedRegion::attach(borrow)), Errc::attached);
  or_throw(region.detach());
  EXPECT_EQ(code_of(region.detach()), Errc::not_attached);
  or_throw(borrow.attach());
  EXPECT_EQ(code_of(InheritedRegion::attach(borrow)), Errc::attached);
  or_throw(borrow.detach());
  or_throw(borrow.release());
  EXPECT_EQ(code_of(InheritedRegion::attach(borrow)), Errc::stale);
}

TEST_F(BufferInherit, WhatIsClosedOrMovedFromIsStale) {
  Buffer pool = make();
  const Borrow borrow = or_throw(pool.borrow(pages(0, 1)));
  auto region = or_throw(InheritedRegion::attach(borrow));
  region.close();
  EXPECT_EQ(code_of(region.bequeath()), Errc::stale);
  InheritedRegion moved = std::move(region);
  // NOLINTBEGIN(bugprone-use-after-move): that is the test.
  EXPECT_EQ(region.text(), "");
  EXPECT_EQ(code_of(region.bequeath()), Errc::stale);
  EXPECT_EQ(code_of(region.detach()), Errc::stale);
  region.close();
  // NOLINTEND(bugprone-use-after-move)
  or_throw(moved.detach());
}

TEST_F(BufferInherit, ADescriptorThatSomebodyClosedIsNamed) {
  Buffer pool = make();
  const Borrow borrow = or_throw(pool.borrow(pages(0, 1)));
  auto region = or_throw(InheritedRegion::attach(borrow));
  const int fd = std::stoi(region.text());
  const int kept = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  ::close(fd);
  const auto refused = region.bequeath();
  EXPECT_EQ(code_of(refused), Errc::bad_request);
  EXPECT_EQ(refused.error().sys_errno, EBADF);
  ::dup2(kept, fd);
  ::close(kept);
}

TEST_F(BufferInherit, WithoutDetachTheTokenEndsAsThatOfTheDead) {
  Buffer pool = make({.root = Root::broker});
  support::Child child([this] {
    Client own = connect();
    Buffer same = or_throw(own.buffer("pool"));
    const Borrow borrow = or_throw(same.borrow(pages(4, 5)));
    const auto region = or_throw(InheritedRegion::attach(borrow));
    return 0;
  });
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), 0);
  Borrow next = or_throw(pool.borrow(pages(4, 5), {.timeout = std::chrono::seconds(20)}));
  EXPECT_TRUE(next.poisoned());
}

TEST_F(BufferInherit, PoisonHasToBeAcknowledged) {
  Buffer pool = make({.root = Root::broker});
  support::Child child([this]() -> int {
    Client own = connect();
    Buffer same = or_throw(own.buffer("pool"));
    Borrow borrow = or_throw(same.borrow(pages(0, 1)));
    or_throw(borrow.attach());
    ::_exit(0);
  });
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), 0);
  Borrow borrow = or_throw(pool.borrow(pages(0, 1), {.timeout = std::chrono::seconds(20)}));
  EXPECT_EQ(code_of(InheritedRegion::attach(borrow)), Errc::poisoned);
  const auto report = or_throw(boss_.tokens("pool"));
  ASSERT_EQ(report.poisoned.size(), 1U);
  EXPECT_EQ(report.poisoned.front(), pages(0, 1));
  or_throw(borrow.acknowledge());
  auto region = or_throw(InheritedRegion::attach(borrow));
  EXPECT_TRUE(or_throw(boss_.tokens("pool")).poisoned.empty());
  or_throw(region.detach());
}

TEST_F(BufferInherit, AForkedChildTellsTheBrokerNothing) {
  Buffer pool = make();
  const Borrow borrow = or_throw(pool.borrow(pages(0, 1)));
  auto region = or_throw(InheritedRegion::attach(borrow));
  support::Child child([&] {
    const bool is_forked = code_of(region.detach()) == Errc::forked &&
                           code_of(InheritedRegion::attach(borrow)) == Errc::forked;
    return is_forked ? 0 : 1;
  });
  EXPECT_EQ(child.wait(std::chrono::seconds(20)), 0);
  or_throw(region.detach());
}

}  // namespace
}  // namespace tenure::test
