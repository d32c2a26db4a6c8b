// SPDX-License-Identifier: Apache-2.0
#include "client/lib/producer_state.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "client/lib/coarse_clock.hpp"
#include "client/lib/queue_errors.hpp"
#include "proto/layout/constants.hpp"

namespace tenure::detail {
namespace {

// How long a draft that has timed out waits to learn who holds the slots.
constexpr std::chrono::milliseconds kWhoHolds{50};
// Prepared for; more allocate when they are first made.
constexpr std::size_t kDraftsAtOnce = 8;

sync::Held held_by(const Filling& filling) noexcept {
  return {.slot = filling.slot, .word = layout::QueueWord::unpack(filling.word)};
}

}  // namespace

ProducerState::ProducerState(std::shared_ptr<ClientState> client,
                             std::string name,
                             std::shared_ptr<QueueMemory> memory,
                             std::size_t lane)
    : WriterState(std::move(client),
                  std::move(name),
                  memory,
                  std::min<std::size_t>(memory->opened().slots, kDraftsAtOnce)),
      queue_(std::move(memory)),
      lane_(lane),
      producer_(queue_->queue(), queue_->owner()),
      line_(queue_->queue().wait(layout::kFreeRing)) {
}

Result<std::shared_ptr<QueueMemory>> ProducerState::open(ClientState& client,
                                                         const std::string& name,
                                                         const LaneOptions& options) {
  auto memory = open_role<QueueMemory>(client,
                                       {.name = name,
                                        .as = wire::OpenAs::produce,
                                        .timeout = options.timeout.at_most(),
                                        .lane = wire_lane(options.lane)});
  if (memory && (!(*memory)->is_writable() || options.lane >= (*memory)->opened().lanes)) {
    return Error{.code = Errc::corrupt, .detail = name + ": the broker granted something else"};
  }
  return memory;
}

Result<RoleState*> ProducerState::reopened(Timeout timeout) {
  auto client = client_for_reopen(timeout);
  if (!client) {
    return std::move(client).error();
  }
  auto memory = open(**client, name_, {.lane = lane_, .timeout = timeout});
  if (!memory) {
    return std::move(memory).error();
  }
  return static_cast<RoleState*>(
      new ProducerState(*std::move(client), name_, *std::move(memory), lane_));
}

Result<std::unique_ptr<PollSource>> ProducerState::poll_source() const {
  return std::unique_ptr<PollSource>(std::make_unique<QueuePoll>(
      queue_->queue().wait(layout::kFreeRing), [this] { return could_claim(); }));
}

sync::Taken ProducerState::try_claim() noexcept {
  sync::Taken taken = producer_.try_claim();
  if (taken.outcome == sync::Outcome::empty &&
      queue_->opened().when_full == WhenFull::drop_oldest) {
    taken = producer_.claim_oldest(lane_);
  }
  return taken;
}

bool ProducerState::could_claim() const noexcept {
  return producer_.could_claim() || (queue_->opened().when_full == WhenFull::drop_oldest &&
                                     producer_.could_claim_oldest(lane_));
}

template <class Ready>
Result<void> ProducerState::wait_for_slot(Timeout timeout, Ready&& ready) {
  return line_.wait(
      begin_wait(timeout), poll_target_.get(), Errc::full, ready, [&] { producer_.wake_next(); });
}

Result<void> ProducerState::wait(Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  line_.stop_polling();
  const auto need_not_wait = [&] { return could_claim(); };
  return need_not_wait() ? Result<void>() : wait_for_slot(timeout, need_not_wait);
}

Result<Draft> ProducerState::draft(Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return std::move(usable).error();
  }
  line_.stop_polling();
  sync::Taken taken = try_claim();
  if (taken.outcome == sync::Outcome::empty) {
    auto waited = wait_for_slot(timeout, [&] {
      taken = try_claim();
      return taken.outcome != sync::Outcome::empty;
    });
    if (!waited) {
      return waited.error().code == Errc::timed_out ? timed_out_error() : std::move(waited).error();
    }
  }
  if (taken.outcome != sync::Outcome::done) {
    return queue_error(name_, taken.outcome);
  }
  return begin_draft(taken.held.slot, taken.held.word.pack());
}

Error ProducerState::timed_out_error() {
  Error error{.code = Errc::timed_out,
              .detail = name_ + ": every slot is in use",
              .hint = "add consumers, or create the queue with more slots"};
  const auto held = memory_->session().ask<wire::HeldBy>(wire::Holders{.handle = memory_->handle()},
                                                         deadline_of(kWhoHolds));
  if (!held) {
    return error;
  }
  if (held->participants.empty()) {
    error.detail += ": nobody has one, their bundles wait or are parked";
  }
  const char* separator = ": ";
  for (const Participant& participant : held->participants) {
    const Peer& peer = participant.peer;
    error.detail.append(std::exchange(separator, "; "))
        .append(peer.name)
        .append(" (session " + std::to_string(peer.session) + ", pid " + std::to_string(peer.pid))
        .append(") holds " + std::to_string(participant.filling + participant.taken));
  }
  return error;
}

Result<void> ProducerState::push(Draft& draft) {
  const Filling* filling = filling_of(draft);
  if (filling == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty draft, or one of another producer"};
  }
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  finish_descriptors(*filling);
  write_record(*filling, 0, queue_->opened().stamp);
  const sync::Outcome outcome = producer_.push(held_by(*filling), lane_, coarse_now_ns());
  queue_->wake_droppers();
  {
    const std::scoped_lock lock(lock_);
    end_draft(draft);
  }
  return outcome == sync::Outcome::done ? Result<void>() : queue_error(name_, outcome);
}

Result<void> ProducerState::push(const Tensors& tensors, const Note& note, Timeout timeout) {
  auto draft = copy_to_draft(tensors, note, timeout);
  return draft ? push(*draft) : std::move(draft).error();
}

void ProducerState::give_back(const Filling& filling) noexcept {
  static_cast<void>(producer_.cancel(held_by(filling)));  // Corrupt: it is lost all the same.
}

Result<void> ProducerState::finish() {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  producer_.finish();
  return {};
}

}  // namespace tenure::detail
