// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/swept_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/lib/role_state.hpp"
#include "proto/layout/queue_waiting.hpp"
#include "proto/layout/queue_word.hpp"
#include "proto/sync/queue_wake.hpp"
#include "tests/support/child.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

constexpr int kMostRounds = 150;  // Of one sweep: no verb makes so many stores.
constexpr std::int64_t kFurther = 1000;

std::string next_name() {
  static int number = 0;
  return "sweep/queue" + std::to_string(++number);
}

std::vector<layout::RingName> lines_of(const QueueSize& size) {
  std::vector<layout::RingName> lines{layout::kFreeRing, layout::kParkedRing};
  for (std::size_t lane = 0; lane < size.lanes; ++lane) {
    lines.push_back(layout::lane_ring(lane));
  }
  return lines;
}

}  // namespace

std::string name_of(const QueueSize& size) {
  return "K = " + std::to_string(size.slots) + ", " + std::to_string(size.lanes) + " lanes";
}

void fill_stepwise(Draft& draft, std::int64_t number) {
  const auto numbers = or_throw(draft.span<std::int64_t>("x"));
  steps::step(steps::Access::store);
  numbers[0] = number;
  steps::step(steps::Access::store);
}

std::int64_t number_of(const Bundle& bundle) {
  return or_throw(bundle.span<std::int64_t>("x"))[0];
}

std::optional<Found> Contents::find(std::int64_t number) const {
  const auto count = std::ranges::count(found_, number, &Found::number);
  EXPECT_LE(count, 1) << "bundle " << number << " is doubled";
  const auto at = std::ranges::find(found_, number, &Found::number);
  return at == found_.end() ? std::nullopt : std::optional(*at);
}

Found Contents::at(std::int64_t number) const {
  const auto found = find(number);
  EXPECT_TRUE(found) << "bundle " << number << " is lost";
  return found.value_or(Found{});
}

SweptQueue::SweptQueue(const std::string& socket, QueueSize size, QueueOptions options)
    : socket_(socket),
      size_(size),
      name_(next_name()),
      client_(or_throw(Client::connect({.socket = socket, .name = "survivor", .timeout = 20s}))) {
  options.schema = {{"x", DType::int64, {1}}};
  options.slots = size.slots;
  options.lanes = size.lanes;
  options.terms.lifetime = Lifetime::persistent;
  or_throw(client_.create_queue(name_, options));
  const auto onlooker = or_throw(
      detail::ClientState::connect({.socket = socket, .name = "onlooker", .timeout = 20s}));
  memory_ = or_throw(detail::open_role<detail::QueueMemory>(
      *onlooker, {.name = name_, .as = wire::OpenAs::consume, .timeout = 20s, .lane = 0}));
  for (std::size_t lane = 0; lane < size.lanes; ++lane) {
    producers_.push_back(or_throw(client_.producer(name_, {.lane = lane})));
    consumers_.push_back(or_throw(client_.consumer(name_, {.lane = lane})));
  }
  consumers_.push_back(or_throw(client_.consumer(name_, {.lane = kParked})));
}

SweptQueue::~SweptQueue() {
  static_cast<void>(client_.remove(name_));
}

bool SweptQueue::has_finished() {
  return or_throw(client_.inspect(name_)).finished;
}

void SweptQueue::push(std::int64_t number, std::size_t lane) {
  auto draft = or_throw(producers_.at(lane).draft(kNoWait));
  or_throw(draft.span<std::int64_t>("x"))[0] = number;
  or_throw(producers_.at(lane).push(std::move(draft)));
}

void SweptQueue::push_parked(std::int64_t number) {
  push(number);
  or_throw(or_throw(consumers_.front().pop(kNoWait)).park());
}

void SweptQueue::finish() {
  or_throw(producers_.front().finish());
}

// As if somebody slept and somebody polled everywhere: the doomed one makes the stores of a
// wake-up, too.
void SweptQueue::pretend_to_wait() {
  epochs_.clear();
  for (const layout::RingName name : lines_of(size_)) {
    auto& line = memory_->queue().wait(name);
    epochs_.push_back(sync::count_on(line, sync::WaitKind::sleeper).epoch);
    static_cast<void>(sync::count_on(line, sync::WaitKind::poller));
  }
}

void SweptQueue::expect_all_gone() {
  const std::size_t survivors = producers_.size() + consumers_.size() + 1;
  EXPECT_TRUE(support::eventually([&] {
    return or_throw(client_.inspect(name_)).users == survivors;
  })) << "the broker does not notice the death";
}

// Whoever waited was woken by the broker, and counts itself anew.
void SweptQueue::expect_all_rung() {
  auto before = epochs_.begin();
  for (const layout::RingName name : lines_of(size_)) {
    const auto waiting = layout::Waiting::unpack(
        memory_->queue().wait(name).waiting.load(std::memory_order_seq_cst));
    EXPECT_NE(waiting.epoch, *before++) << "wait " << name.wait_index();
    EXPECT_EQ(waiting.sleepers, 0U) << "wait " << name.wait_index();
    EXPECT_EQ(waiting.pollers, 0U) << "wait " << name.wait_index();
  }
}

void SweptQueue::expect_effect(bool has_happened) {
  EXPECT_TRUE(has_happened || !notes_->is_through) << "it is through, and nothing happened";
  EXPECT_TRUE(has_happened || !had_happened_) << "what was committed is undone";
  had_happened_ = has_happened;
}

Contents SweptQueue::empty_all() {
  std::vector<Found> found;
  for (std::size_t lane = 0; lane < consumers_.size(); ++lane) {
    const bool is_of_parked = lane == size_.lanes;
    for (auto item = consumers_[lane].pop(kNoWait); item; item = consumers_[lane].pop(kNoWait)) {
      found.push_back({.number = number_of(*item),
                       .lane = is_of_parked ? kParked : lane,
                       .deliveries = item->deliveries(),
                       .is_poisoned = item->poisoned()});
      or_throw(item->ack());
    }
  }
  return Contents(std::move(found));
}

// Through every lane more bundles than there are slots, each for itself.
void SweptQueue::go_on() {
  for (std::size_t lane = 0; lane < size_.lanes; ++lane) {
    for (std::size_t i = 0; i <= size_.slots; ++i) {
      const std::int64_t number = kFurther + static_cast<std::int64_t>(i);
      push(number, lane);
      auto item = or_throw(consumers_.at(lane).pop(kNoWait));
      EXPECT_EQ(number_of(item), number);
      EXPECT_EQ(item.deliveries(), 1U);
      or_throw(item.ack());
    }
  }
}

void SweptQueue::expect_every_slot_once() {
  const SegmentInfo info = or_throw(client_.inspect(name_));
  EXPECT_EQ(info.slots_held, 0U);
  EXPECT_EQ(info.parked, 0U);
  for (const Lane& lane : info.lanes) {
    EXPECT_EQ(lane.depth + lane.taken, 0U);
  }
  if (info.finished) {
    return;
  }
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < size_.slots; ++i) {
    drafts.push_back(or_throw(producers_.front().draft(kNoWait)));
  }
  const auto one_more = producers_.front().draft(kNoWait);
  EXPECT_TRUE(!one_more && one_more.error().code == Errc::full) << "a slot is listed twice";
}

bool SweptQueue::round(int fatal_store, const Verb& verb, const QueuePart& part) {
  const testing::ScopedTrace trace(
      __FILE__, __LINE__, name_of(size_) + ", killed before store " + std::to_string(fatal_store));
  if (part.prepare) {
    part.prepare();
  }
  pretend_to_wait();
  run_doomed(socket_, fatal_store, *notes_, verb, [] {});
  expect_all_gone();
  expect_all_rung();
  const Contents contents = empty_all();
  if (part.has_happened) {
    expect_effect(part.has_happened(contents));
  } else {
    EXPECT_EQ(contents.count(), 0U);
  }
  if (!testing::Test::HasFailure() && !has_finished()) {
    go_on();
  }
  if (!testing::Test::HasFailure()) {
    expect_every_slot_once();
  }
  return notes_->is_through;
}

int SweptQueue::sweep(const Verb& verb, const QueuePart& part) {
  had_happened_ = false;
  for (int store = 1; store <= kMostRounds; ++store) {
    if (round(store, verb, part) || testing::Test::HasFailure()) {
      return store;
    }
  }
  ADD_FAILURE() << name_of(size_) << ": no end after " << kMostRounds << " rounds";
  return kMostRounds;
}

}  // namespace tenure::test
