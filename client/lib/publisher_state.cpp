// SPDX-License-Identifier: Apache-2.0
#include "client/lib/publisher_state.hpp"

#include <ctime>
#include <mutex>
#include <utility>

namespace tenure::detail {

using namespace std::chrono_literals;

namespace {

// The waiting publisher looks again this often: readers let go without a fence.
constexpr std::chrono::milliseconds kWriterSlice{1};
// How long a draft that has timed out waits to learn who holds the slots.
constexpr std::chrono::milliseconds kWhoHolds{50};

std::uint64_t coarse_now() noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string describe(const Reader& reader) {
  std::string text = reader.peer.name + " (session " + std::to_string(reader.peer.session) +
                     ", pid " + std::to_string(reader.peer.pid) + ")";
  for (const std::uint64_t version : reader.held) {
    text += " holds v" + std::to_string(version);
  }
  return reader.held.empty() ? text + " has seen v" + std::to_string(reader.seen) : text;
}

}  // namespace

PublisherState::PublisherState(std::shared_ptr<ClientState> client,
                               std::string name,
                               std::shared_ptr<TopicMemory> memory)
    : RoleState(std::move(client), std::move(name), std::move(memory)),
      writer_(memory_->head(),
              *memory_->bell(),
              {.slots = memory_->opened().slots,
               .entries = memory_->opened().subscribers,
               .is_lossless = memory_->is_lossless()}) {
  for (std::size_t slot = 0; slot < memory_->opened().slots; ++slot) {
    filling_[slot].tensor_bytes.assign(memory_->schema()->tensors.size(), kAbsent);
  }
}

Result<std::shared_ptr<TopicMemory>> PublisherState::open(ClientState& client,
                                                          const std::string& name,
                                                          Timeout timeout) {
  auto memory = open_topic(client, name, wire::OpenAs::publish, timeout);
  if (memory && !(*memory)->is_writable()) {
    return Error{.code = Errc::corrupt, .detail = name + ": the broker granted too little"};
  }
  return memory;
}

SleepPlace PublisherState::sleep_place() const noexcept {
  auto& release = memory_->bell()->release;
  return {.word = release.wake, .flags = &release.flags, .slice = kWriterSlice};
}

Result<PollTarget::Direction> PublisherState::poll_direction() const {
  return PollTarget::Direction::writing;
}

bool PublisherState::try_claim(std::optional<std::size_t>& slot) noexcept {
  const std::scoped_lock lock(lock_);
  slot = writer_.try_claim();
  if (slot) {
    stalled_since_.reset();
  } else if (drop_laggards()) {
    slot = writer_.try_claim();
  }
  return slot.has_value();
}

// Under the lock, after a claim in vain. Drops those that have lagged since the first of them, if
// that is the limit ago; returns whether there were any.
bool PublisherState::drop_laggards() noexcept {
  const std::chrono::milliseconds limit{memory_->opened().lag_limit_ms};
  if (limit == 0ms) {
    return false;
  }
  const auto now = sync::monotonic_now();
  if (!stalled_since_) {
    stalled_since_ = now;
  }
  if (now - *stalled_since_ < limit) {
    return false;
  }
  stalled_since_ = now;
  return writer_.drop_laggards() != 0;
}

// Where nobody waits: a pollable fd that is about to be polled must say so when a slot comes free.
bool PublisherState::try_claim_or_rearm(std::optional<std::size_t>& slot) noexcept {
  if (try_claim(slot)) {
    return true;
  }
  if (poll_target_ == nullptr) {
    return false;
  }
  poll_target_->rearm();
  static_cast<void>(
      sync::announce_sleep(memory_->bell()->release.wake, memory_->bell()->release.flags));
  return try_claim(slot);
}

Result<void> PublisherState::wait_for_claim(Timeout timeout, std::optional<std::size_t>& slot) {
  if (!timeout.waits()) {
    return try_claim_or_rearm(slot) ? Result<void>() : Error{.code = Errc::full};
  }
  return wait_until(sleep_place(), begin_wait(timeout), [&] { return try_claim(slot); });
}

Result<std::size_t> PublisherState::claim(Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return std::move(usable).error();
  }
  std::optional<std::size_t> slot;
  if (!try_claim(slot)) {
    if (auto waited = wait_for_claim(timeout, slot); !waited) {
      return waited.error().code == Errc::timed_out ? timed_out_error() : std::move(waited).error();
    }
  }
  return *slot;
}

Error PublisherState::timed_out_error() {
  Error error{.code = Errc::timed_out,
              .detail = name_ + ": every slot is in use",
              .hint = "release views sooner, or create the topic with more slots"};
  const auto held = memory_->session().ask<wire::HeldBy>(
      wire::Holders{.handle = memory_->opened().handle}, deadline_of(kWhoHolds));
  if (held && !held->readers.empty()) {
    error.detail += ": ";
    for (const Reader& reader : held->readers) {
      error.detail += (&reader == held->readers.data() ? "" : "; ") + describe(reader);
    }
  }
  return error;
}

Result<void> PublisherState::wait(Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  const auto could_claim = [&] {
    const std::scoped_lock lock(lock_);
    return writer_.could_claim() || (drop_laggards() && writer_.could_claim());
  };
  if (could_claim()) {
    return {};
  }
  if (timeout.waits()) {
    return wait_until(sleep_place(), begin_wait(timeout), could_claim);
  }
  if (poll_target_ != nullptr) {
    poll_target_->rearm();
    static_cast<void>(
        sync::announce_sleep(memory_->bell()->release.wake, memory_->bell()->release.flags));
  }
  return could_claim() ? Result<void>() : Error{.code = Errc::full};
}

Result<void> PublisherState::wait_for_subscribers(std::size_t count, Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  std::size_t joined = 0;
  const auto are_there = [&] {
    joined = sync::count_joined(memory_->head(), *memory_->bell(), memory_->opened().subscribers);
    return joined >= count;
  };
  if (are_there()) {
    return {};
  }
  auto waited = timeout.waits() ? wait_until(sleep_place(), begin_wait(timeout), are_there)
                                : Error{.code = Errc::held};
  if (!waited && (waited.error().code == Errc::timed_out || waited.error().code == Errc::held)) {
    return Error{.code = waited.error().code,
                 .detail = name_ + ": " + std::to_string(joined) + " of " + std::to_string(count) +
                           " subscribers are there"};
  }
  return waited;
}

Result<Draft> PublisherState::draft(Timeout timeout) {
  const auto slot = claim(timeout);
  if (!slot) {
    return slot.error();
  }
  begin(*slot);
  {
    const std::scoped_lock lock(lock_);
    ++owners_;
  }
  Draft draft;
  draft.state_ = this;
  draft.slot_ = static_cast<std::uint32_t>(*slot);
  return draft;
}

void PublisherState::drop(std::size_t slot) noexcept {
  const std::scoped_lock lock(lock_);
  writer_.drop(slot);
  // Its own fd() may be polled for a slot; the poll thread sees only what readers change.
  sync::wake_publisher(*memory_->bell());
}

Result<std::uint64_t> PublisherState::publish(Draft& draft) {
  if (draft.state_ != this) {
    return Error{.code = Errc::stale, .detail = "an empty draft, or one of another publisher"};
  }
  if (auto usable = check_usable(); !usable) {
    return std::move(usable).error();
  }
  const std::size_t slot = draft.slot_;
  const std::uint64_t bytes = finish_descriptors(slot);
  auto& head = memory_->head();
  const std::scoped_lock lock(lock_);
  if (!writer_.can_publish_more()) {
    return Error{.code = Errc::corrupt, .detail = name_ + ": a publisher has used up all versions"};
  }
  const std::uint64_t version = writer_.next_version();
  write_record(slot, version);
  // relaxed: for people. alone: topic.progress
  head.bell.published_bytes.store(head.bell.published_bytes.load(std::memory_order_relaxed) + bytes,
                                  std::memory_order_relaxed);
  // The line of `latest`, which publish() stores next: spinning readers would take it away between.
  head.newest.published_ns.store(coarse_now(), std::memory_order_relaxed);
  writer_.publish(slot);
  if (poll_target_ != nullptr) {
    sync::wake_publisher(
        *memory_->bell());  // The slot that was the newest may be free: see drop().
  }
  --owners_;  // The draft's; the publisher that is being called owns this, too.
  draft.state_ = nullptr;
  return version;
}

Result<RoleState*> PublisherState::reopened(Timeout timeout) {
  auto client = client_for_reopen(timeout);
  if (!client) {
    return std::move(client).error();
  }
  auto memory = open(**client, name_, timeout);
  if (!memory) {
    return std::move(memory).error();
  }
  return static_cast<RoleState*>(new PublisherState(*std::move(client), name_, *std::move(memory)));
}

}  // namespace tenure::detail
