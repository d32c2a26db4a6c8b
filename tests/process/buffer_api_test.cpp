// SPDX-License-Identifier: Apache-2.0
// What a buffer's users do, with a real broker and real memory.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "tests/process/buffer_fixture.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class BufferApi : public BufferTest {};

TEST_F(BufferApi, WhatABorrowWritesAFreezeReads) {
  Buffer pool = make();
  Borrow mine = or_throw(pool.borrow(pages(2, 4)));
  std::ranges::fill(or_throw(mine.attach()), std::byte{7});
  or_throw(mine.detach());
  or_throw(mine.release());
  EXPECT_FALSE(mine);
  Freeze theirs = or_throw(pool.freeze(pages(3, 5)));
  const auto bytes = or_throw(theirs.attach());
  EXPECT_EQ(bytes.size(), 2 * kPage);
  EXPECT_EQ(bytes[0], std::byte{7});
  EXPECT_EQ(bytes[kPage], std::byte{0});
}

TEST_F(BufferApi, FrozenPagesAreReadOnlyForTheKernel) {
  Buffer pool = make();
  Freeze frozen = or_throw(pool.freeze(pages(0, 1)));
  const auto bytes = or_throw(frozen.attach());
  EXPECT_TRUE(can_read(bytes.data()));
  EXPECT_FALSE(can_write(bytes.data()));
  auto* address = const_cast<std::byte*>(bytes.data());
  EXPECT_EQ(::mprotect(address, kPage, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
}

TEST_F(BufferApi, OnlyTheRegionIsMapped) {
  Buffer pool = make();
  Borrow mine = or_throw(pool.borrow(pages(4, 6)));
  const auto bytes = or_throw(mine.attach());
  ASSERT_EQ(bytes.size(), 2 * kPage);
  EXPECT_TRUE(can_write(bytes.data() + kPage));
  or_throw(mine.detach());
  EXPECT_FALSE(can_read(bytes.data()));
}

TEST_F(BufferApi, HeldNamesRangeKindAndHolder) {
  Buffer pool = make();
  Client worker = connect("trainer");
  Borrow lent = or_throw(pool.borrow(pages(0, 4)));
  Freeze theirs =
      or_throw(worker.claim<Freeze>(or_throw(or_throw(lent.freeze(pages(1, 3))).transfer())));
  const auto refused = pool.borrow(pages(2, 8));
  EXPECT_EQ(code_of(refused), Errc::held);
  EXPECT_THAT(refused.error().message(), HasSubstr("[8192, 12288) is frozen by trainer (session"));
}

TEST_F(BufferApi, TicketIsATensorOnItsWay) {
  Buffer pool = make();
  const Layout layout{.dtype = DType::float32, .shape = {2, 3}};
  Borrow mine = or_throw(pool.borrow(pages(0, 1), {.layout = layout}));
  or_throw(mine.attach());
  std::ranges::copy(std::vector<float>{1, 2, 3, 4, 5, 6}, or_throw(mine.span<float>()).begin());
  or_throw(mine.detach());
  const std::string ticket = or_throw(mine.transfer());
  EXPECT_FALSE(mine);
  EXPECT_EQ(code_of(mine.attach()), Errc::stale);

  Client worker = connect();
  EXPECT_EQ(code_of(worker.claim<Freeze>(ticket)), Errc::bad_request);
  Borrow theirs = or_throw(worker.claim<Borrow>(ticket));
  EXPECT_EQ(theirs.segment(), "pool");
  EXPECT_EQ(theirs.region(), pages(0, 1));
  EXPECT_EQ(code_of(theirs.tensor()), Errc::not_attached);
  or_throw(theirs.attach());
  const TensorSpan tensor = or_throw(theirs.tensor());
  EXPECT_EQ(tensor.shape()[1], 3);
  EXPECT_EQ(or_throw(theirs.span<float>())[5], 6.0F);
  EXPECT_EQ(code_of(worker.claim<Borrow>(ticket)), Errc::stale);
}

TEST_F(BufferApi, LendingDropsWhatIsAttachedAndItsReturnMapsItAgain) {
  Buffer pool = make();
  Borrow root = or_throw(pool.root());
  const auto all = or_throw(root.attach());
  all[5 * kPage] = std::byte{1};
  {
    Borrow lent = or_throw(root.borrow(pages(5, 7)));
    Freeze frozen = or_throw(root.freeze(pages(8, 9)));
    EXPECT_FALSE(can_read(all.data() + 5 * kPage));
    EXPECT_TRUE(can_read(all.data() + 8 * kPage));
    EXPECT_FALSE(can_write(all.data() + 8 * kPage));
    EXPECT_TRUE(can_write(all.data() + 7 * kPage));
    or_throw(lent.attach())[0] = std::byte{2};
    EXPECT_EQ(code_of(root.wait_returned(kNoWait)), Errc::held);
    EXPECT_EQ(code_of(root.wait_returned(10ms)), Errc::timed_out);
  }
  or_throw(root.wait_returned(20s));
  EXPECT_TRUE(can_write(all.data() + 8 * kPage));
  EXPECT_EQ(all[5 * kPage], std::byte{2});
}

TEST_F(BufferApi, PartsLentBeforeAttachingAreMappedOnceTheyAreBack) {
  Buffer pool = make();
  Borrow root = or_throw(pool.root());
  Borrow first = or_throw(root.borrow(pages(0, 1)));
  Borrow middle = or_throw(root.borrow(pages(3, 4)));
  Borrow last = or_throw(root.borrow(pages(15, 16)));
  const auto all = or_throw(root.attach());
  EXPECT_FALSE(can_read(all.data()));
  or_throw(first.release());
  or_throw(middle.release());
  or_throw(last.release());
  or_throw(root.wait_returned());
  EXPECT_TRUE(can_write(all.data()));
  EXPECT_TRUE(can_write(all.data() + 3 * kPage));
  EXPECT_TRUE(can_write(all.data() + 15 * kPage));
}

TEST_F(BufferApi, AcknowledgedReturnMapsAllThatWasLent) {
  Buffer pool = make();
  Borrow root = or_throw(pool.root());
  const auto all = or_throw(root.attach());
  Borrow whole = or_throw(root.borrow(pages(7, 8)));
  const std::string ticket = or_throw(or_throw(root.borrow(pages(2, 3))).transfer());
  Borrow other = or_throw(root.borrow(pages(5, 6)));
  run_until_killed([&] {
    static Client client = connect();
    static Borrow theirs = or_throw(client.claim<Borrow>(ticket));
    or_throw(theirs.attach());
  }).kill();
  or_throw(whole.release());
  or_throw(other.release());
  EXPECT_EQ(code_of(root.wait_returned(20s)), Errc::poisoned);
  or_throw(root.acknowledge());
  or_throw(root.wait_returned(kNoWait));
  EXPECT_TRUE(can_write(all.data() + 2 * kPage));
  EXPECT_TRUE(can_write(all.data() + 5 * kPage));
  EXPECT_TRUE(can_write(all.data() + 7 * kPage));
}

TEST_F(BufferApi, RefusedLendingRestoresWhatIsAttached) {
  Buffer pool = make();
  Borrow root = or_throw(pool.root());
  const auto all = or_throw(root.attach());
  const Borrow lent = or_throw(root.borrow(pages(3, 4)));
  EXPECT_EQ(code_of(root.borrow(pages(2, 5))), Errc::held);
  EXPECT_TRUE(can_write(all.data() + 2 * kPage));
  EXPECT_FALSE(can_read(all.data() + 3 * kPage));
  EXPECT_TRUE(can_write(all.data() + 4 * kPage));
}

TEST_F(BufferApi, TokenIsKeptWhileItsMemoryCanStillBeWritten) {
  TENURE_NEED_LEASES();
  Buffer pool = make();
  Borrow mine = or_throw(pool.borrow(pages(0, 2)));
  const auto bytes = or_throw(mine.attach());
  // A second mapping of the same pages, which the library knows nothing of.
  void* kept = ::mremap(bytes.data(), 0, kPage, MREMAP_MAYMOVE);
  ASSERT_NE(kept, MAP_FAILED);
  or_throw(mine.detach());
  EXPECT_EQ(code_of(mine.release()), Errc::still_mapped);
  EXPECT_EQ(code_of(mine.transfer()), Errc::still_mapped);
  EXPECT_TRUE(mine);
  ::munmap(kept, kPage);
  or_throw(mine.release());
}

TEST_F(BufferApi, WaitsItsTurn) {
  Buffer pool = make();
  Client worker = connect();
  Buffer same = or_throw(worker.buffer("pool"));
  EXPECT_EQ(code_of(same.borrow(pages(0, 1))), Errc::held) << "the root is out";
  or_throw(or_throw(pool.root()).release());
  Borrow mine = or_throw(pool.borrow(pages(0, 1)));
  EXPECT_EQ(code_of(same.borrow(pages(0, 1), {.timeout = 10ms})), Errc::timed_out);
  Pending<Borrow> later = same.borrow_later(pages(0, 1));
  EXPECT_FALSE(later.ready());
  or_throw(mine.release());
  Borrow theirs = or_throw(later.get());
  EXPECT_EQ(theirs.region(), pages(0, 1));
  EXPECT_EQ(code_of(later.get()), Errc::stale);
}

TEST_F(BufferApi, DroppedPendingGivesBackWhatItIsGranted) {
  Buffer pool = make({.root = Root::broker});
  Borrow mine = or_throw(pool.borrow(pages(0, 1)));
  {
    const Pending<Borrow> dropped = pool.borrow_later(pages(0, 1));
  }
  or_throw(mine.release());
  or_throw(pool.borrow(pages(0, 1), {.timeout = 20s}));
}

TEST_F(BufferApi, KilledHoldersRegionComesBackPoisoned) {
  Buffer pool = make({.root = Root::broker});
  support::Child child = run_until_killed([&] {
    Client own = connect("victim");
    static Borrow held = or_throw(or_throw(own.buffer("pool")).borrow(pages(1, 3)));
    or_throw(held.attach())[0] = std::byte{9};
  });
  child.kill();
  Borrow next = or_throw(pool.borrow(pages(0, 4), {.timeout = 20s}));
  EXPECT_TRUE(next.poisoned());
  EXPECT_EQ(code_of(next.attach()), Errc::poisoned);
  or_throw(next.acknowledge());
  EXPECT_FALSE(next.poisoned());
  EXPECT_EQ(or_throw(next.attach())[kPage], std::byte{9});
}

TEST_F(BufferApi, SplitsEvenly) {
  Buffer pool = make();
  Borrow root = or_throw(pool.root());
  const auto parts = or_throw(root.split_even(3));
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].region(), pages(0, 6));
  EXPECT_EQ(parts[2].region(), pages(11, 16));
  EXPECT_EQ(code_of(root.split_even(17)), Errc::bad_request);
  EXPECT_EQ(code_of(root.release()), Errc::has_children);
}

TEST_F(BufferApi, SchemaNamesRegions) {
  Buffer pool = make({.schema = {{{"layer1.w", DType::float32, {16, 16}}, 0},
                                 {{"layer1.b", DType::float32, {16}}, 2 * kPage}}});
  EXPECT_EQ(or_throw(pool.region("layer1.b")), pages(2, 3));
  EXPECT_EQ(code_of(pool.region("layer2.w")), Errc::not_found);
  const SegmentInfo info = or_throw(boss_.inspect("pool"));
  EXPECT_EQ(info.kind, Kind::buffer);
  ASSERT_EQ(info.offsets_bytes.size(), 2U);
  EXPECT_EQ(info.offsets_bytes[1], 2 * kPage);
}

TEST_F(BufferApi, BadRegionsAreNamed) {
  Buffer pool = make();
  EXPECT_EQ(code_of(pool.borrow({0, 100})), Errc::bad_request);
  EXPECT_EQ(code_of(pool.borrow({kPage, kPage})), Errc::bad_request);
  EXPECT_EQ(code_of(pool.borrow({2 * kPage, kPage})), Errc::bad_request);
  EXPECT_EQ(code_of(pool.borrow({0, kSize + kPage})), Errc::bad_request);
  EXPECT_EQ(code_of(pool.borrow({0, ~0ULL << 12U})), Errc::bad_request);
}

TEST_F(BufferApi, ReportSaysWhoHasWhat) {
  Buffer pool = make();
  Borrow quarter = or_throw(pool.borrow(pages(0, 4)));
  or_throw(quarter.attach());
  const TokenReport report = or_throw(boss_.tokens("pool"));
  ASSERT_EQ(report.tokens.size(), 2U);
  EXPECT_EQ(report.tokens[0].region, pages(0, 16));
  EXPECT_EQ(report.tokens[1].issuer, report.tokens[0].id);
  EXPECT_EQ(report.tokens[1].holder.name, "boss");
  EXPECT_EQ(report.tokens[1].state, TokenInfo::State::attached);
}

TEST_F(BufferApi, RolesOfOtherKindsAreUnsupported) {
  make();
  EXPECT_EQ(code_of(boss_.publisher("pool")), Errc::unsupported);
  EXPECT_EQ(code_of(boss_.subscriber("pool")), Errc::unsupported);
  or_throw(boss_.create_topic("t", {.schema = {{"x", DType::int8, {1}}}}));
  EXPECT_EQ(code_of(boss_.buffer("t")), Errc::unsupported);
  EXPECT_EQ(code_of(boss_.tokens("t")), Errc::unsupported);
  EXPECT_EQ(code_of(boss_.create_buffer("t", {.size_bytes = kSize})), Errc::exists);
}

TEST_F(BufferApi, DeclaringItAgainChangesNothing) {
  Buffer pool = make({.handover = Handover::isolate});
  or_throw(boss_.create_buffer("pool", {.size_bytes = kSize, .handover = Handover::isolate}));
  const auto other = boss_.create_buffer("pool", {.size_bytes = kSize});
  EXPECT_EQ(code_of(other), Errc::exists);
  EXPECT_THAT(other.error().message(), HasSubstr("handover: isolate there, share asked for"));
}

// A broken size, grain or schema is named.
TEST_F(BufferApi, BadDeclarationsAreNamed) {
  const auto refused = [&](const BufferOptions& options) {
    const auto made = boss_.create_buffer("bad", options);
    EXPECT_EQ(code_of(made), Errc::bad_request);
    return made ? "" : made.error().detail;
  };
  EXPECT_THAT(refused({}), HasSubstr("size_bytes: 0"));
  EXPECT_THAT(refused({.size_bytes = 100}), HasSubstr("a multiple of the page"));
  EXPECT_THAT(refused({.size_bytes = 300 * kPage, .grain_bytes = kPage}),
              HasSubstr("at most 240 grains: 8192 bytes or more"));
  EXPECT_THAT(refused({.size_bytes = kPage, .schema = {{{"w", DType::int8, {5000}}, 0}}}),
              HasSubstr("w: 5000 bytes at 0 leave the buffer"));
  EXPECT_THAT(refused({.size_bytes = kPage, .schema = {{{"w", DType::float32, {1}}, 2}}}),
              HasSubstr("no multiple of the element's 4 bytes"));
  EXPECT_THAT(refused({.size_bytes = kPage,
                       .schema = {{{"a", DType::int8, {10}}, 0}, {{"b", DType::int8, {1}}, 9}}}),
              HasSubstr("a and b overlap"));
}

TEST_F(BufferApi, AttachedRegionWithManyHolesIsWhole) {
  Buffer pool = make({.size_bytes = 1000 * kPage, .grain_bytes = 1000 * kPage});
  Borrow root = or_throw(pool.root());
  std::vector<Region> every_second;
  for (std::uint64_t page = 0; page < 1000; page += 2) {
    every_second.push_back(pages(page, page + 1));
  }
  std::vector<Freeze> frozen;
  for (const Region& region : every_second) {
    frozen.push_back(or_throw(root.freeze(region)));
  }
  const auto all = or_throw(root.attach());
  for (std::uint64_t page = 0; page < 1000; page += 2) {
    ASSERT_FALSE(can_write(all.data() + page * kPage)) << page;
    ASSERT_TRUE(can_write(all.data() + (page + 1) * kPage)) << page;
  }
}

TEST_F(BufferApi, WithTheRootAttachedItAloneLends) {
  Buffer pool = make({.size_bytes = 8 * kPage, .grain_bytes = 4 * kPage});
  Borrow root = or_throw(pool.root());
  const auto all = or_throw(root.attach());
  EXPECT_EQ(code_of(pool.borrow(pages(0, 1))), Errc::attached);  // Its root could write there.
  EXPECT_EQ(code_of(pool.freeze(pages(0, 4))), Errc::attached);
  EXPECT_EQ(code_of(pool.borrow_later(pages(0, 1)).get()), Errc::attached);
  EXPECT_TRUE(can_write(all.data()));
  const Borrow part = or_throw(root.borrow(pages(0, 1)));
  EXPECT_FALSE(can_read(all.data()));
  or_throw(root.detach());
  or_throw(pool.borrow(pages(1, 2)));
}

TEST_F(BufferApi, WhoEndsInGoodOrderPoisonsNothing) {
  Buffer pool = make({.root = Root::broker});
  for (int round = 0; round < 50; ++round) {
    support::Child child([this] {
      Client client = connect();
      Buffer same = or_throw(client.buffer("pool"));
      Borrow borrow = or_throw(same.borrow(pages(0, 16)));
      or_throw(borrow.attach());
      return 0;  // The token is detached and given back by its destructor, and nobody waits.
    });
    ASSERT_EQ(child.wait(20s), 0);
    Borrow next = or_throw(pool.borrow(pages(0, 16), {.timeout = 20s}));
    ASSERT_FALSE(next.poisoned()) << round;
  }
}

}  // namespace
}  // namespace tenure::test
