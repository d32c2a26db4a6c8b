// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/topic_round.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/stamp.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {

using namespace std::chrono_literals;

namespace {

constexpr int kLookMs = 2;
// Nobody stopped, no faults any more, and yet somebody does not move: stuck.
constexpr auto kStuck = 30s;

}  // namespace

TopicRound::TopicRound(SharedBoard& board, Venue venue, TopicPlan plan, Random random)
    : board_(board),
      venue_(std::move(venue)),
      plan_(std::move(plan)),
      random_(random),
      crew_(venue_.socket, board, plan_.workers.size(), venue_.mask) {
  for (std::size_t topic = 0; topic < plan_.topics.size(); ++topic) {
    board_->topics.at(topic).spec = plan_.topics[topic];
  }
  for (std::size_t worker = 0; worker < plan_.workers.size(); ++worker) {
    board_->workers.at(worker).spec = plan_.workers[worker];
  }
}

std::uint64_t TopicRound::run(Clock::time_point latest_end) {
  if (!create_topics()) {
    return 0;
  }
  crew_.start_all();
  fault_ = plan_fault(random_, plan_);
  next_fault_ = Clock::now() + fault_.after;
  const auto end = std::min(Clock::now() + plan_.length, latest_end);
  while (Clock::now() < end && !is_interrupted()) {
    look_at_processes();
    make_faults();
    ::poll(nullptr, 0, kLookMs);
  }
  expect_all_go_on();
  if (is_interrupted()) {
    board_->is_interrupted = true;
  }
  if (plan_.ends_by_kill || is_interrupted()) {
    crew_.kill_all();
  } else {
    crew_.end_in_order(board_, [&](std::uint32_t worker, const std::string& fault) {
      violation(describe_worker(worker) + " " + fault);
    });
  }
  check_left_over();
  std::uint64_t operations = faults_;
  for (const WorkerBoard& worker : board_->workers) {
    operations += worker.operations;
  }
  return operations;
}

bool TopicRound::create_topics() {
  for (std::uint32_t topic = 0; topic < plan_.topics.size(); ++topic) {
    const auto created = venue_.client.create_topic(topic_name(board_->round, topic),
                                                    topic_options(plan_.topics[topic]));
    if (!created) {
      violation(describe_topic(topic) + ": create: " + created.error().message());
      return false;
    }
  }
  return true;
}

void TopicRound::look_at_processes() {
  crew_.look([&](std::uint32_t worker, const End& end) { restart_later(worker, end); });
}

// What was killed comes back as another process with another life before it.
void TopicRound::restart_later(std::uint32_t worker, const End& end) {
  if (!end.is_killed) {
    violation(describe_worker(worker) + " ended before the round: " + end.how);
  }
  WorkerSpec& spec = board_->workers.at(worker).spec;
  spec.seed = random_.next();
  if (spec.has_steps) {
    plan_own_faults(random_, spec);
  }
  crew_.start_later(worker, std::chrono::milliseconds(random_.below(30)));
}

void TopicRound::make_faults() {
  while (Clock::now() >= next_fault_) {
    apply(fault_);
    ++faults_;
    fault_ = plan_fault(random_, plan_);
    next_fault_ += fault_.after;
  }
}

void TopicRound::apply(const Fault& fault) {
  const std::chrono::milliseconds stop_for(random_.between(5, 600));
  for (std::uint32_t worker = 0; worker < crew_.size(); ++worker) {
    const bool is_victim = worker == fault.victim;
    const bool is_reader = board_->workers.at(worker).spec.role != Role::publisher;
    if ((fault.what == Fault::What::kill && is_victim) ||
        (fault.what == Fault::What::kill_readers && is_reader)) {
      crew_[worker].kill();
    }
    if ((fault.what == Fault::What::stop && is_victim) || fault.what == Fault::What::stop_all) {
      crew_[worker].stop(stop_for);
    }
  }
}

// What each topic and each reader still has to do is counted from now on.
void TopicRound::expect_all_go_on() {
  for (std::uint32_t topic = 0; topic < plan_.topics.size(); ++topic) {
    published_.at(topic) = board_->topics.at(topic).published;
  }
  for (std::uint32_t worker = 0; worker < crew_.size(); ++worker) {
    const WorkerBoard& board = board_->workers.at(worker);
    done_.at(worker) = board.operations + board.starved;
    crew_[worker].go_on();
  }
  const auto deadline = Clock::now() + kStuck;
  std::vector<std::string> stuck = find_stuck();
  while (!stuck.empty() && Clock::now() < deadline && !is_interrupted()) {
    look_at_processes();
    ::poll(nullptr, 0, kLookMs);
    stuck = find_stuck();
  }
  if (is_interrupted()) {
    return;  // Nobody was given the time.
  }
  for (const std::string& who : stuck) {
    violation(who);
  }
}

std::vector<std::string> TopicRound::find_stuck() const {
  std::vector<std::string> stuck;
  for (std::uint32_t topic = 0; topic < plan_.topics.size(); ++topic) {
    const std::uint64_t published = board_->topics.at(topic).published;
    if (published == published_.at(topic)) {
      stuck.push_back(describe_topic(topic) + ": stuck at v" + std::to_string(published));
    }
  }
  for (std::uint32_t worker = 0; worker < crew_.size(); ++worker) {
    const WorkerBoard& board = board_->workers.at(worker);
    const bool has_moved = board.operations + board.starved != done_.at(worker);
    if (board.spec.role != Role::publisher && !has_moved) {
      stuck.push_back(describe_worker(worker) + ": stuck at v" + std::to_string(board.seen));
    }
  }
  return stuck;
}

std::string TopicRound::describe_topic(std::uint32_t topic) const {
  return "topic " + std::to_string(topic) + " (" + describe(plan_.topics.at(topic)) + ")";
}

std::string TopicRound::describe_worker(std::uint32_t worker) const {
  const WorkerSpec& spec = board_->workers.at(worker).spec;
  return describe_topic(spec.topic) + ", " + name_of(spec.role) + " " + std::to_string(worker);
}

}  // namespace tenure::soak
