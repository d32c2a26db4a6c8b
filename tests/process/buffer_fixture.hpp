// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <string>

#include <tenure/tenure.hpp>

#include "proto/os/kernel.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

// Without leases nobody knows who writes: nobody is refused, and the memory moves each time.
#define TENURE_NEED_LEASES()                              \
  if (!os::is_unmasked(os::Feature::lease)) {             \
    GTEST_SKIP() << "leases are masked: nobody is asked"; \
  }

namespace tenure::test {

inline constexpr std::uint64_t kPage = 4096;

/// A broker, and a client that has created the buffer "pool" of 16 pages, each a grain.
class BufferTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 16 * kPage;

  [[nodiscard]] Client connect(const std::string& name = "worker") const {
    return or_throw(Client::connect({.socket = broker_.socket(), .name = name}));
  }
  static Region pages(std::uint64_t begin, std::uint64_t end) {
    return {.begin_bytes = begin * kPage, .end_bytes = end * kPage};
  }
  Buffer make(BufferOptions options = {}) {
    options.size_bytes = options.size_bytes == 0 ? kSize : options.size_bytes;
    or_throw(boss_.create_buffer("pool", options));
    return or_throw(boss_.buffer("pool"));
  }
  template <class T>
  static Errc code_of(const Result<T>& refused) {
    if (refused.has_value()) {
      return Errc{};
    }
    EXPECT_NE(refused.error().detail, "") << name_of(refused.error().code);
    return refused.error().code;
  }
  /// The kernel's word, without a signal: a pipe takes a byte from there.
  static bool can_read(const std::byte* where) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const bool can = ::write(ends[1], where, 1) == 1;
    ::close(ends[0]);
    ::close(ends[1]);
    return can;
  }
  /// As above: a byte is read from a pipe to there; it is the one that was there.
  static bool can_write(const std::byte* where) {
    if (!can_read(where)) {
      return false;
    }
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], where, 1), 1);
    const bool can = ::read(ends[0], const_cast<std::byte*>(where), 1) == 1;
    ::close(ends[0]);
    ::close(ends[1]);
    return can;
  }

  /// A process that has run `body` when this returns, and goes on living until it is killed.
  static support::Child run_until_killed(const std::function<void()>& body) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    support::Child child([&] {
      body();
      EXPECT_EQ(::write(ends[1], "x", 1), 1);
      ::pause();
      return 0;
    });
    ::close(ends[1]);
    char done = 0;
    EXPECT_EQ(::read(ends[0], &done, 1), 1) << "it ended early";
    ::close(ends[0]);
    return child;
  }

  support::PrivateBroker broker_{{.arguments = {"--budget", "256M"}}};
  Client boss_ = connect("boss");
};

}  // namespace tenure::test
