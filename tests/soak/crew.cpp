// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/crew.hpp"

#include <poll.h>

#include <utility>

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr int kLookMs = 2;
constexpr auto kToEnd = 30s;

}  // namespace

Crew::Crew(const std::string& socket, const SharedBoard& board, std::size_t count, std::string mask)
    : mask_(std::move(mask)) {
  processes_.reserve(count);
  for (std::size_t worker = 0; worker < count; ++worker) {
    processes_.emplace_back(socket, board, worker);
  }
}

void Crew::start_all() {
  for (WorkerProcess& process : processes_) {
    process.start(mask_);
  }
}

void Crew::start_later(std::uint32_t worker, std::chrono::milliseconds delay) {
  start_at_.at(worker) = Clock::now() + delay;
}

void Crew::look(const OnEnd& on_end) {
  for (std::uint32_t worker = 0; worker < size(); ++worker) {
    if (const auto end = processes_[worker].look()) {
      on_end(worker, *end);
    }
    Clock::time_point& at = start_at_.at(worker);
    if (at != Clock::time_point() && Clock::now() >= at) {
      at = {};
      processes_[worker].start(mask_);
    }
  }
}

void Crew::end_in_order(SharedBoard& board, const OnFault& on_fault) {
  board->stop = true;
  const auto deadline = Clock::now() + kToEnd;
  for (std::uint32_t worker = 0; worker < size(); ++worker) {
    while (processes_[worker].is_there()) {
      const auto end = processes_[worker].look();
      if (end && !end->is_killed && !end->is_in_order) {
        on_fault(worker, "ended with " + end->how);
      }
      processes_[worker].go_on();
      if (processes_[worker].is_there() && Clock::now() > deadline) {
        on_fault(worker, "does not end");
        break;
      }
      ::poll(nullptr, 0, kLookMs);
    }
  }
  kill_all();
}

void Crew::kill_all() {
  for (WorkerProcess& process : processes_) {
    process.kill();
  }
  for (WorkerProcess& process : processes_) {
    while (process.is_there()) {
      static_cast<void>(process.look());
      ::poll(nullptr, 0, kLookMs);
    }
  }
}

}  // namespace tenure::soak
