// SPDX-License-Identifier: Apache-2.0
#include "client/lib/publisher_state.hpp"

#include <mutex>
#include <utility>

#include "client/lib/coarse_clock.hpp"
#include "client/lib/topic_poll.hpp"

namespace tenure::detail {

using namespace std::chrono_literals;

namespace {

// The waiting publisher looks again this often: readers let go without a fence.
constexpr std::chrono::milliseconds kWriterSlice{1};
// How long a draft that has timed out waits to learn who holds the slots.
constexpr std::chrono::milliseconds kWhoHolds{50};

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
    : WriterState(std::move(client), std::move(name), memory, memory->opened().slots),
      topic_(std::move(memory)),
      writer_(topic_->head(),
              *topic_->bell(),
              {.slots = topic_->opened().slots,
               .entries = topic_->opened().subscribers,
               .is_lossless = topic_->is_lossless()}) {
}

Result<std::shared_ptr<TopicMemory>> PublisherState::open(ClientState& client,
                                                          const std::string& name,
                                                          Timeout timeout) {
  auto memory = open_role<TopicMemory>(
      client, {.name = name, .as = wire::OpenAs::publish, .timeout = timeout.at_most()});
  if (memory && !(*memory)->is_writable()) {
    return Error{.code = Errc::corrupt, .detail = name + ": the broker granted too little"};
  }
  return memory;
}

SleepPlace PublisherState::sleep_place() const noexcept {
  auto& release = topic_->bell()->release;
  return {.word = release.wake, .flags = &release.flags, .slice = kWriterSlice};
}

Result<std::unique_ptr<PollSource>> PublisherState::poll_source() const {
  return std::unique_ptr<PollSource>(std::make_unique<FreeTopicSlot>(*topic_));
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
  const std::chrono::milliseconds limit{topic_->opened().lag_limit_ms};
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
      sync::announce_sleep(topic_->bell()->release.wake, topic_->bell()->release.flags));
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
  const auto held = topic_->session().ask<wire::HeldBy>(wire::Holders{.handle = topic_->handle()},
                                                        deadline_of(kWhoHolds));
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
        sync::announce_sleep(topic_->bell()->release.wake, topic_->bell()->release.flags));
  }
  return could_claim() ? Result<void>() : Error{.code = Errc::full};
}

Result<void> PublisherState::wait_for_subscribers(std::size_t count, Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  std::size_t joined = 0;
  const auto are_there = [&] {
    joined = sync::count_joined(topic_->head(), *topic_->bell(), topic_->opened().subscribers);
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
  return begin_draft(static_cast<std::uint32_t>(*slot), 0);
}

void PublisherState::give_back(const Filling& filling) noexcept {
  const std::scoped_lock lock(lock_);
  writer_.drop(filling.slot);
  // Its own fd() may be polled for a slot; the poll thread sees only what readers change.
  sync::wake_publisher(*topic_->bell());
}

Result<std::uint64_t> PublisherState::publish(Draft& draft) {
  const Filling* filling = filling_of(draft);
  if (filling == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty draft, or one of another publisher"};
  }
  if (auto usable = check_usable(); !usable) {
    return std::move(usable).error();
  }
  const std::size_t slot = filling->slot;
  const std::uint64_t bytes = finish_descriptors(*filling);
  auto& head = topic_->head();
  const std::scoped_lock lock(lock_);
  if (!writer_.can_publish_more()) {
    return Error{.code = Errc::corrupt, .detail = name_ + ": a publisher has used up all versions"};
  }
  const std::uint64_t version = writer_.next_version();
  write_record(*filling, version, topic_->opened().stamp);
  // relaxed: for people. alone: topic.progress
  head.bell.published_bytes.store(head.bell.published_bytes.load(std::memory_order_relaxed) + bytes,
                                  std::memory_order_relaxed);
  // The line of `latest`, which publish() stores next: spinning readers would take it away between.
  head.newest.published_ns.store(coarse_now_ns(), std::memory_order_relaxed);
  writer_.publish(slot);
  if (poll_target_ != nullptr) {
    sync::wake_publisher(*topic_->bell());  // The slot that was the newest may be free: see drop().
  }
  end_draft(draft);
  return version;
}

Result<std::uint64_t> PublisherState::publish(const Tensors& tensors,
                                              const Note& note,
                                              Timeout timeout) {
  auto draft = copy_to_draft(tensors, note, timeout);
  return draft ? publish(*draft) : std::move(draft).error();
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
