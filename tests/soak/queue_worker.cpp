// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_worker.hpp"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortWait = 100ms;
// Longer than a sleeper sleeps without a look of its own.
constexpr auto kLongWait = 1500ms;

}  // namespace

QueueWorker::QueueWorker(std::string socket, Board& board, std::size_t index)
    : Worker(std::move(socket), board, index),
      index_(index),
      queue_name_(soak::queue_name(board.round)),
      ledger_(board, index) {
}

Timeout QueueWorker::timeout() const noexcept {
  if (spec().wait_by != WaitBy::sleep) {
    return kNoWait;
  }
  return longest_wait();
}

// For the parked bundles nobody is woken at the end of a round.
std::chrono::milliseconds QueueWorker::longest_wait() const noexcept {
  return spec().lane == kParkedLane ? kShortWait : kLongWait;
}

void QueueWorker::wait_otherwise(int fd) {
  own().starved.fetch_add(1, std::memory_order_relaxed);
  if (spec().wait_by == WaitBy::spin) {
    ::sched_yield();
  } else if (spec().wait_by == WaitBy::poll) {
    ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, static_cast<int>(longest_wait().count()));
  }
}

bool QueueWorker::refused(const char* verb,
                          const Error& error,
                          std::initializer_list<Errc> allowed) {
  if (std::ranges::find(allowed, error.code) == allowed.end()) {
    violation(std::string(verb) + ": " + error.message());
  }
  return false;
}

}  // namespace tenure::soak
