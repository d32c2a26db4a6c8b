// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/progress.hpp"

#include <poll.h>

#include <chrono>

#include "tests/soak/interrupt.hpp"

namespace tenure::soak {
namespace {

// What it tried in vain counts: it is not stuck.
std::uint64_t done_by(const WorkerBoard& worker) {
  return worker.operations + worker.starved;
}

using namespace std::chrono_literals;

constexpr int kLookMs = 2;
constexpr auto kStuck = 30s;

}  // namespace

std::vector<std::uint32_t> Progress::wait(const std::function<void()>& look) {
  for (std::uint32_t worker = 0; worker < crew_.size(); ++worker) {
    done_.at(worker) = done_by(board_.workers.at(worker));
    crew_[worker].go_on();
  }
  const auto deadline = Clock::now() + kStuck;
  std::vector<std::uint32_t> stuck = find_stuck();
  while (!stuck.empty() && Clock::now() < deadline && !is_interrupted()) {
    look();
    ::poll(nullptr, 0, kLookMs);
    stuck = find_stuck();
  }
  if (is_interrupted()) {
    stuck.clear();  // Nobody was given the time.
  }
  return stuck;
}

std::vector<std::uint32_t> Progress::find_stuck() const {
  std::vector<std::uint32_t> stuck;
  for (std::uint32_t worker = 0; worker < crew_.size(); ++worker) {
    const WorkerBoard& board = board_.workers.at(worker);
    if (done_by(board) == done_.at(worker)) {
      stuck.push_back(worker);
    }
  }
  return stuck;
}

}  // namespace tenure::soak
