// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/swept_topic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "client/lib/role_state.hpp"
#include "client/lib/topic_memory.hpp"
#include "proto/layout/slot_word.hpp"
#include "proto/sync/topic_wake.hpp"
#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using layout::Phase;

constexpr std::size_t kBytes = 512;
constexpr int kMostRounds = 100;  // Of one sweep: no verb makes so many stores.

layout::SlotWord load_word(const detail::TopicMemory& memory, std::size_t slot) {
  return layout::SlotWord::unpack(
      memory.head().slots.at(slot).word.load(std::memory_order_acquire));
}

std::string next_name() {
  static int number = 0;
  return "sweep/" + std::to_string(++number);
}

std::shared_ptr<detail::TopicMemory> open_memory_of(const std::string& socket,
                                                    const std::string& name,
                                                    wire::OpenAs as) {
  const auto client = or_throw(
      detail::ClientState::connect({.socket = socket, .name = "onlooker", .timeout = 20s}));
  return or_throw(
      detail::open_role<detail::TopicMemory>(*client, {.name = name, .as = as, .timeout = 20s}));
}

}  // namespace

std::vector<TopicShape> all_shapes() {
  std::vector<TopicShape> shapes = viewed_shapes();
  shapes.insert(shapes.begin(), {{.slots = 1}, {.slots = 2}});
  return shapes;
}

std::vector<TopicShape> viewed_shapes() {
  return {{.slots = 3, .retention = Retention::overwrite},
          {.slots = 4, .retention = Retention::overwrite},
          {.slots = 3, .retention = Retention::lossless},
          {.slots = 4, .retention = Retention::lossless}};
}

std::string name_of(const TopicShape& shape) {
  return "K = " + std::to_string(shape.slots) +
         (shape.retention == Retention::lossless ? ", lossless" : ", overwrite");
}

void fill_stepwise(Draft& draft, std::uint64_t version) {
  const auto words = or_throw(draft.span<std::uint64_t>("stamp"));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i % 32 == 1) {
      steps::step(steps::Access::store);  // With one word written, and half-way.
    }
    words[i] = version;
  }
  steps::step(steps::Access::store);
  or_throw(draft.set_note({.tag = version}));
}

SweptTopic::SweptTopic(const std::string& socket, TopicShape shape, TopicOptions options)
    : socket_(socket),
      shape_(shape),
      name_(next_name()),
      client_(or_throw(Client::connect({.socket = socket, .name = "survivor", .timeout = 20s}))) {
  options.schema = stamped_options(kBytes, shape.slots).schema;
  options.terms.lifetime = Lifetime::persistent;
  options.slots = shape.slots;
  options.retention = shape.retention;
  or_throw(client_.create_topic(name_, options));
  open_memory();
  if (shape.has_views()) {
    survivor_ = or_throw(client_.subscriber(name_));
  }
  if (shape.retention == Retention::overwrite) {
    observer_ = or_throw(client_.subscriber(name_, {.access = Access::observe}));
  }
}

SweptTopic::~SweptTopic() {
  static_cast<void>(client_.remove(name_));
}

void SweptTopic::open_memory() {
  memory_.reset();
  memory_ = open_memory_of(
      socket_, name_, shape_.has_views() ? wire::OpenAs::subscribe : wire::OpenAs::observe);
  if (shape_.has_views()) {
    memory_->bell()
        ->entry(memory_->opened().entry)
        .seen.store(layout::kMaxVersion, std::memory_order_release);
  }
}

detail::TopicMemory& SweptTopic::memory() {
  // Where leases are masked each new publisher is let in to fresh memory.
  if (memory_->head().newest.superseded.load(std::memory_order_acquire) != 0) {
    open_memory();
  }
  return *memory_;
}

std::uint64_t SweptTopic::latest() {
  return layout::Latest::unpack(memory().head().newest.latest.load(std::memory_order_acquire))
      .version;
}

void SweptTopic::hold(std::uint64_t slots) {
  memory().bell()->entry(memory().opened().entry).holds.store(slots, std::memory_order_seq_cst);
}

void SweptTopic::expect_held_kept() {
  const std::uint64_t held =
      memory().bell()->entry(memory().opened().entry).holds.load(std::memory_order_seq_cst);
  for (std::size_t slot = 0; slot < shape_.slots; ++slot) {
    if ((held >> slot & 1U) != 0) {
      EXPECT_EQ(load_word(memory(), slot).phase, Phase::ready) << "slot " << slot;
      EXPECT_LT(load_word(memory(), slot).version, latest()) << "slot " << slot;
    }
  }
}

void SweptTopic::keep_view() {
  auto view = survivor_->latest();
  if (!view && reopen_if_superseded(*survivor_, view.error())) {
    view = survivor_->latest();
  }
  kept_ = or_throw(std::move(view));
}

void SweptTopic::release_view() {
  EXPECT_TRUE(is_whole(*kept_, kept_->version())) << "v" << kept_->version();
  EXPECT_TRUE(kept_->release());
  kept_.reset();
}

// As if somebody slept in both directions: the doomed one makes the stores of a wake-up, too.
void SweptTopic::raise_flags() {
  if (memory().bell() != nullptr) {
    memory().bell()->readers.flags.store(sync::kSomebodySleeps, std::memory_order_seq_cst);
    memory().bell()->release.flags.store(sync::kSomebodySleeps, std::memory_order_seq_cst);
  }
}

void SweptTopic::open_publisher() {
  publisher_ = or_throw(client_.publisher(name_, {.timeout = 20s}));
}

void SweptTopic::publish_one() {
  const std::uint64_t version = latest() + 1;
  auto draft = publisher_->draft(kNoWait);
  ASSERT_TRUE(draft) << "no slot for v" << version << ": " << draft.error().message();
  fill_stepwise(*draft, version);
  ASSERT_EQ(or_throw(publisher_->publish(*std::move(draft))), version);
}

void SweptTopic::go_on() {
  const bool is_guest = !publisher_;
  if (is_guest) {
    open_publisher();
  }
  for (std::size_t i = 0; i <= shape_.slots; ++i) {
    ASSERT_NO_FATAL_FAILURE(publish_one());
    expect_survivor_reads_on();
    expect_snapshot();
  }
  if (is_guest) {
    publisher_.reset();
  }
}

bool SweptTopic::round(int fatal_store, const Verb& verb, const Part& part) {
  const testing::ScopedTrace trace(
      __FILE__, __LINE__, name_of(shape_) + ", killed before store " + std::to_string(fatal_store));
  if (part.prepare) {
    part.prepare();
  }
  raise_flags();
  const std::uint64_t before = latest();
  run_doomed(socket_, fatal_store, *notes_, verb, part.answer);
  expect_all_gone();
  expect_slots_repaired(before);
  expect_entries_clean();
  expect_survivor_reads_on();
  expect_snapshot();
  if (!publisher_) {
    expect_commit_is_kept(before);
  }
  if (part.clear) {
    part.clear();
  }
  go_on();
  return notes_->is_through;
}

int SweptTopic::sweep(const Verb& verb, const Part& part) {
  has_committed_ = false;
  for (int store = 1; store <= kMostRounds; ++store) {
    if (round(store, verb, part) || testing::Test::HasFailure()) {
      return store;
    }
  }
  ADD_FAILURE() << name_of(shape_) << ": no end after " << kMostRounds << " rounds";
  return kMostRounds;
}

// The doomed one publishes one bundle at most. Once a store after the commit is reached, later ones
// are after it as well.
void SweptTopic::expect_commit_is_kept(std::uint64_t before) {
  const bool is_committed = latest() == before + 1;
  EXPECT_TRUE(is_committed || latest() == before) << "from v" << before << " to v" << latest();
  EXPECT_TRUE(is_committed || !has_committed_) << "v" << before + 1 << " is lost";
  EXPECT_TRUE(notes_->published == 0 || latest() == notes_->published);
  has_committed_ = is_committed;
}

std::size_t SweptTopic::count_survivors() const {
  return 1U + (survivor_ ? 1U : 0U) + (observer_ ? 1U : 0U) + (publisher_ ? 1U : 0U);
}

void SweptTopic::expect_all_gone() {
  EXPECT_TRUE(support::eventually([&] {
    const SegmentInfo info = or_throw(client_.inspect(name_));
    return info.users == count_survivors() && info.publisher.has_value() == publisher_.has_value();
  })) << "the broker does not notice the death";
}

void SweptTopic::expect_slots_repaired(std::uint64_t before) {
  const auto newest =
      layout::Latest::unpack(memory().head().newest.latest.load(std::memory_order_acquire));
  EXPECT_GE(newest.version, before);
  std::set<std::uint64_t> versions;
  for (std::size_t slot = 0; slot < shape_.slots; ++slot) {
    const layout::SlotWord found = load_word(memory(), slot);
    const bool is_settled = found.phase == Phase::ready || found == layout::SlotWord{} ||
                            (shape_.slots == 1 && found.phase == Phase::poisoned);
    EXPECT_TRUE(is_settled) << "slot " << slot << ": v" << found.version << ", phase "
                            << static_cast<int>(found.phase);
    if (found.phase == Phase::ready) {
      EXPECT_TRUE(versions.insert(found.version).second) << "two slots say v" << found.version;
      EXPECT_LE(found.version, newest.version);
    }
  }
  if (newest.version != 0 && shape_.slots > 1) {
    EXPECT_EQ(load_word(memory(), newest.slot),
              (layout::SlotWord{.version = newest.version, .phase = Phase::ready}));
  }
}

void SweptTopic::expect_entries_clean() {
  if (memory().bell() == nullptr) {
    return;
  }
  std::size_t registered = 0;
  for (std::size_t entry = 0; entry < memory().opened().subscribers; ++entry) {
    const std::uint64_t bits =
        memory().head().registered.at(entry / 64).load(std::memory_order_acquire);
    const bool is_alive = (bits >> entry % 64 & 1U) != 0;
    registered += is_alive ? 1U : 0U;
    if (!is_alive) {
      EXPECT_EQ(memory().bell()->entry(entry).holds.load(std::memory_order_acquire), 0U)
          << "entry " << entry;
    }
  }
  EXPECT_EQ(registered, 2U);  // The survivor's, and the memory's own.
}

void SweptTopic::expect_survivor_reads_on() {
  if (!survivor_) {
    return;
  }
  for (;;) {
    auto view = survivor_->next(kNoWait);
    if (!view && reopen_if_superseded(*survivor_, view.error())) {
      continue;
    }
    if (!view) {
      EXPECT_EQ(view.error().code, Errc::empty) << view.error().message();
      break;
    }
    ASSERT_GT(view->version(), survivor_seen_);
    if (shape_.retention == Retention::lossless && survivor_seen_ != 0) {
      EXPECT_EQ(view->version(), survivor_seen_ + 1) << "a gap";
    }
    survivor_seen_ = view->version();
    EXPECT_TRUE(is_whole(*view, survivor_seen_)) << "v" << survivor_seen_;
    EXPECT_TRUE(view->release());
  }
  EXPECT_EQ(survivor_seen_, latest());
}

void SweptTopic::expect_snapshot() {
  if (!observer_) {
    return;
  }
  auto taken = observer_->snapshot();
  if (!taken && reopen_if_superseded(*observer_, taken.error())) {
    taken = observer_->snapshot();
  }
  if (!taken) {
    const bool is_right = latest() == 0 ? taken.error().code == Errc::empty
                                        : shape_.slots == 1 && taken.error().code == Errc::poisoned;
    EXPECT_TRUE(is_right) << taken.error().message();
    return;
  }
  EXPECT_EQ(taken->version(), latest());
  EXPECT_TRUE(is_whole(*taken, latest()));
}

}  // namespace tenure::test
