// SPDX-License-Identifier: Apache-2.0
#include "client/lib/subscriber_state.hpp"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "client/lib/bundle_access.hpp"
#include "client/lib/topic_poll.hpp"
#include "proto/layout/constants.hpp"

namespace tenure::detail {

using namespace std::chrono_literals;

namespace {

// A view that meets a claim tries again at once so often, then with a pause so often: a dishonest
// publisher cannot hang a reader, an honest one is out of the way long before.
constexpr int kQuickAttempts = 64;
constexpr int kSlowAttempts = 64;
constexpr std::chrono::milliseconds kPause{1};
// A snapshot of a slot that is overwritten all the time: each attempt costs a copy.
constexpr int kCopyAttempts = kQuickAttempts + kSlowAttempts;
// An observer raises no flag: it looks again this often.
constexpr std::chrono::milliseconds kObserverSlice{1};

Error observer_error(const char* what) {
  return {.code = Errc::unsupported,
          .detail = std::string(what) + " needs the hold right: this subscriber only observes",
          .hint = "open it with Access::subscribe"};
}

}  // namespace

SubscriberState::SubscriberState(std::shared_ptr<ClientState> client,
                                 std::string name,
                                 std::shared_ptr<TopicMemory> memory,
                                 const SubscriberOptions& options,
                                 std::optional<std::uint64_t> resume_after)
    : RoleState(std::move(client), std::move(name), memory),
      options_(options),
      topic_(std::move(memory)),
      reader_(topic_->head(),
              topic_->bell(),
              topic_->opened().entry,
              topic_->opened().slots,
              topic_->is_lossless(),
              {.data = topic_->slot(0),
               .stride_bytes = topic_->opened().slot_stride_bytes,
               .tensor_bytes = topic_->schema()->plan.tensors.front().offset_bytes}) {
  // One or the other, not both: what a lossless subscriber has once said to have seen is given up.
  if (resume_after) {
    reader_.resume(*resume_after);
  } else {
    reader_.start(options.start == Start::oldest);
  }
}

Result<std::shared_ptr<TopicMemory>> SubscriberState::open(ClientState& client,
                                                           const std::string& name,
                                                           const SubscriberOptions& options) {
  const auto as =
      options.access == Access::observe ? wire::OpenAs::observe : wire::OpenAs::subscribe;
  auto memory = open_role<TopicMemory>(
      client, {.name = name, .as = as, .timeout = options.timeout.at_most()});
  if (memory && as == wire::OpenAs::subscribe && (*memory)->bell() == nullptr) {
    return Error{.code = Errc::corrupt, .detail = name + ": the broker granted no bell"};
  }
  return memory;
}

Result<RoleState*> SubscriberState::reopened(Timeout timeout) {
  auto client = client_for_reopen(timeout);
  if (!client) {
    return std::move(client).error();
  }
  SubscriberOptions options = options_;
  options.timeout = timeout;
  auto memory = open(**client, name_, options);
  if (!memory) {
    return std::move(memory).error();
  }
  // Versions go on over a fence: so does the reader.
  const bool is_same = (*memory)->opened().id == topic_->opened().id;
  const auto resume_after = is_same ? std::optional(reader_.seen()) : std::nullopt;
  return static_cast<RoleState*>(
      new SubscriberState(*std::move(client), name_, *std::move(memory), options_, resume_after));
}

// Views may outlive the subscriber; its say in retention does not.
void SubscriberState::retire() noexcept {
  if (!is_observer() && topic_->is_lossless()) {
    const std::scoped_lock lock(lock_);
    reader_.retire();
  }
}

Result<std::unique_ptr<PollSource>> SubscriberState::poll_source() const {
  if (is_observer()) {
    return observer_error("fd()");
  }
  return std::unique_ptr<PollSource>(std::make_unique<NewerBundle>(*topic_));
}

Error SubscriberState::no_view_error() const {
  return is_usable() ? observer_error("a view") : unusable_error();
}

SleepPlace SubscriberState::sleep_place() const noexcept {
  const auto& word = topic_->head().bell.wake;
  return is_observer()
             ? SleepPlace{.word = word, .flags = nullptr, .slice = kObserverSlice}
             : SleepPlace{
                   .word = word, .flags = &topic_->bell()->readers.flags, .slice = kSocketLook};
}

// Until there is a version that was not seen. The call that answers `empty` re-arms the fd.
Result<void> SubscriberState::wait_for_newer(const Wait& wait) {
  const auto is_newer = [&] { return reader_.look(); };
  if (is_newer()) {
    return {};
  }
  if (wait.deadline) {
    return wait_until(sleep_place(), wait, is_newer);
  }
  if (poll_target_ != nullptr) {
    poll_target_->rearm();
    const SleepPlace place = sleep_place();
    static_cast<void>(sync::announce_sleep(place.word, *place.flags));
    if (is_newer()) {
      return {};
    }
  }
  return Error{.code = Errc::empty};
}

Result<void> SubscriberState::wait(Timeout timeout) {
  if (auto usable = check_usable(); !usable) {
    return usable;
  }
  return wait_for_newer(begin_wait(timeout));
}

View SubscriberState::make_view(const sync::Found& found) noexcept {
  View view;
  BundleAccess::point(view,
                      {.schema = topic_->schema().get(),
                       .slot = topic_->slot(found.slot),
                       .limit_bytes = topic_->opened().slot_stride_bytes,
                       .generation = generation(),
                       .keep = &SubscriberState::keep_view});
  view.state_ = this;
  view.number_ = ++views_;
  view.version_ = found.version;
  view.missed_ = found.missed;
  view.slot_ = static_cast<std::uint32_t>(found.slot);
  return view;
}

template <class Attempt>
sync::Found SubscriberState::try_to_view(Attempt&& attempt) noexcept {
  const std::scoped_lock lock(lock_);
  const sync::Found found = attempt();
  if (found.attempt == sync::Attempt::done) {
    ++owners_;  // The view's.
    reader_.counters().view(found.missed);
  } else if (found.attempt == sync::Attempt::changed) {
    reader_.counters().retry();
  }
  return found;
}

Result<View> SubscriberState::latest() {
  if (is_observer() || !is_usable()) {
    return no_view_error();
  }
  for (int i = 0; i < kQuickAttempts + kSlowAttempts; ++i) {
    const auto found = try_to_view([&] { return reader_.view_latest(); });
    if (found.attempt == sync::Attempt::done) {
      return make_view(found);
    }
    if (found.attempt == sync::Attempt::nothing_new) {
      return Error{.code = Errc::empty};
    }
    if (i >= kQuickAttempts) {
      std::this_thread::sleep_for(kPause);
    }
  }
  return Error{.code = Errc::torn};
}

Error SubscriberState::gap_error(std::uint64_t missed) const {
  return {.code = Errc::gap,
          .count = missed,
          .detail =
              name_ + ": lagged for too long, " + std::to_string(missed) + " bundles were given up",
          .hint = "the next call goes on with the oldest bundle that is kept"};
}

// After an attempt that met a claim. Lossless: the claim will be undone, however long its publisher
// is stopped in it, so this waits as for a bundle to come.
Result<void> SubscriberState::pause_for_claimed(int attempt, const Wait& wait) {
  if (attempt < kQuickAttempts) {
    return {};
  }
  if (topic_->is_lossless()) {
    if (!wait.deadline) {
      return Error{.code = Errc::empty};
    }
    const SleepPlace place{.word = topic_->head().bell.wake, .flags = nullptr, .slice = kPause};
    return wait_until(place, wait, [&] { return reader_.is_next_there(); });
  }
  std::this_thread::sleep_for(kPause);
  return {};
}

Result<View> SubscriberState::next(Timeout timeout) {
  if (is_observer() || !is_usable()) {
    return no_view_error();
  }
  const auto first = try_to_view([&] { return reader_.view_next(); });
  return first.attempt == sync::Attempt::done ? make_view(first) : next_after(first, timeout);
}

// Goes on after a first attempt that found no bundle.
Result<View> SubscriberState::next_after(sync::Found found, Timeout timeout) {
  const Wait wait = begin_wait(timeout);
  for (int attempt = 0; attempt < kQuickAttempts + kSlowAttempts; ++attempt) {
    Result<void> go_on;
    switch (found.attempt) {
      case sync::Attempt::done:
        return make_view(found);
      case sync::Attempt::dropped:
        return gap_error(found.missed);
      case sync::Attempt::nothing_new:
        go_on = wait_for_newer(wait);
        break;
      case sync::Attempt::changed:
      case sync::Attempt::poisoned:
        go_on = pause_for_claimed(attempt, wait);
        break;
    }
    if (!go_on) {
      return std::move(go_on).error();
    }
    found = try_to_view([&] { return reader_.view_next(); });
  }
  return Error{.code = Errc::torn};  // Only a dishonest publisher is in the way so often.
}

Result<Snapshot> SubscriberState::snapshot(Snapshot&& reuse) {
  Snapshot snapshot(std::move(reuse));  // Which is empty from now on.
  if (!is_usable()) {
    return unusable_error();
  }
  if (auto ready = SnapshotBuffer::prepare(snapshot.buffer_, topic_->schema()); !ready) {
    return std::move(ready).error();
  }
  SnapshotBuffer& buffer = *snapshot.buffer_;
  const sync::Found found = copy_newest(buffer);
  if (found.attempt != sync::Attempt::done) {
    return no_copy_error(found.attempt);
  }
  reader_.counters().snapshot();
  BundleAccess::point(snapshot,
                      {.schema = buffer.schema.get(),
                       .slot = buffer.slot(),
                       .limit_bytes = buffer.schema->plan.stride_bytes,
                       .generation = 0,
                       .keep = &SubscriberState::keep_snapshot});
  snapshot.version_ = found.version;
  return snapshot;
}

sync::Found SubscriberState::copy_newest(SnapshotBuffer& buffer) {
  sync::Found found;
  for (int i = 0; i < kCopyAttempts; ++i) {
    found = reader_.snapshot(
        [&](std::size_t slot) noexcept { buffer.copy_racing(topic_->slot(slot)); });
    if (found.attempt != sync::Attempt::changed) {
      break;
    }
    if (i >= kQuickAttempts) {
      std::this_thread::sleep_for(kPause);
    }
  }
  return found;
}

Error SubscriberState::no_copy_error(sync::Attempt attempt) {
  if (attempt == sync::Attempt::nothing_new) {
    return {.code = Errc::empty};
  }
  if (attempt == sync::Attempt::poisoned) {
    return {.code = Errc::poisoned,
            .detail = name_ + ": the publisher died in the middle of the only slot",
            .hint = "wait for the next version"};
  }
  const std::scoped_lock lock(lock_);
  reader_.counters().torn();
  return {.code = Errc::torn};
}

}  // namespace tenure::detail
