// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/kill_at_store.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <type_traits>
#include <utility>

#include "proto/layout/std_atomic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

static_assert(!std::is_same_v<layout::StdAtomic<std::uint64_t>, std::atomic<std::uint64_t>>,
              "tests/support/steps must come first on the include path");

struct Countdown {
  bool is_armed = false;
  int stores = 0;
  int fatal_store = 0;
  Doom::When when = Doom::When::before_first_store;
  std::function<void()> peer;
};

// Of the doomed thread alone: the library's other threads do not count.
thread_local Countdown countdown;

[[noreturn]] void die() noexcept {
  ::kill(::getpid(), SIGKILL);
  for (;;) {
    ::pause();
  }
}

bool is_time_for_peer(steps::Access next) {
  return countdown.when == Doom::When::before_first_store
             ? countdown.stores == 0 && next == steps::Access::store
             : countdown.stores == 1;
}

void count(steps::Access next) noexcept {
  if (!countdown.is_armed) {
    return;
  }
  if (countdown.peer && is_time_for_peer(next)) {
    countdown.is_armed = false;
    std::exchange(countdown.peer, nullptr)();
    countdown.is_armed = true;
  }
  if (next == steps::Access::store && ++countdown.stores == countdown.fatal_store) {
    die();
  }
}

}  // namespace

Doom::Doom(int fatal_store, Notes& notes) noexcept : notes_(notes) {
  countdown = {};
  countdown.fatal_store = fatal_store;
  steps::installed = count;
}

Doom::~Doom() {
  steps::installed = nullptr;
}

void Doom::interrupt(When when, std::function<void()> peer) {
  countdown.when = when;
  countdown.peer = std::move(peer);
}

void Doom::arm() noexcept {
  notes_.is_armed = true;
  countdown.is_armed = true;
}

void Doom::ask_parent() noexcept {
  notes_.asks = true;
  while (!notes_.is_answered) {
    ::poll(nullptr, 0, 1);
  }
}

void run_doomed(const std::string& socket,
                int fatal_store,
                Notes& notes,
                const Verb& verb,
                const std::function<void()>& answer) {
  notes.is_armed = false;
  notes.is_through = false;
  notes.published = 0;
  notes.asks = false;
  notes.is_answered = false;
  support::Child child([&]() -> int {
    Client client = or_throw(Client::connect({.socket = socket, .name = "doomed"}));
    Doom doom(fatal_store, notes);
    verb(client, doom);
    notes.is_through = true;
    die();
  });
  int status = -1;
  EXPECT_TRUE(support::eventually([&] {
    if (notes.asks && !notes.is_answered) {
      answer();
      notes.is_answered = true;
    }
    status = child.wait(1ms);
    return status != -1;
  })) << "the doomed process hangs";
  EXPECT_EQ(status, 128 + SIGKILL);
  EXPECT_TRUE(notes.is_armed);
}

}  // namespace tenure::test
