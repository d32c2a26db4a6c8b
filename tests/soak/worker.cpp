// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/worker.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace tenure::soak {

using namespace std::chrono_literals;

Worker::Worker(std::string socket, Board& board, std::size_t index)
    : socket_(std::move(socket)),
      board_(board),
      own_(board.workers.at(index)),
      topic_(board.topics.at(own_.spec.topic)),
      name_(topic_name(board.round, own_.spec.topic)),
      random_(own_.spec.seed) {
}

bool Worker::reopen(tenure::Role& role, const Error& error) {
  if (error.code != Errc::superseded) {
    return false;
  }
  if (board_.has_leases) {
    violation("superseded, though nobody writes to old memory: " + error.message());
  }
  if (auto reopened = role.reopen(5s); !reopened) {
    violation("reopen: " + reopened.error().message());
    return false;
  }
  return true;
}

void Worker::pause(std::chrono::microseconds duration) const {
  const auto until = now() + duration;
  while (!is_over() && now() < until) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(until - now(), 20ms));
  }
}

void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t to) noexcept {
  std::uint64_t before = value.load();
  while (before < to && !value.compare_exchange_weak(before, to)) {
  }
}

}  // namespace tenure::soak
