// SPDX-License-Identifier: Apache-2.0
/// How a role of a queue waits for something of a ring: asleep, or by its pollable fd.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "client/lib/poller.hpp"
#include "client/lib/waiting.hpp"
#include "proto/sync/queue_wake.hpp"

namespace tenure::detail {

using QueueWait = sync::StdAtomics::Queue::Wait;

/// Counts itself as a sleeper while it looks for the last time and sleeps.
class QueueSleeper {
 public:
  QueueSleeper(QueueWait& line, const Wait& wait) noexcept : line_(line), wait_(wait) {}
  QueueSleeper(const QueueSleeper&) = delete;
  QueueSleeper& operator=(const QueueSleeper&) = delete;
  ~QueueSleeper() { count_off(); }

  void announce() noexcept {
    mark_ = sync::count_on(line_, sync::WaitKind::sleeper);
    has_counted_ = true;
  }
  void sleep() noexcept {
    sleep_on(wait_, {.word = &line_.bell, .expected = mark_->expected}, kSocketLook);
    count_off();
  }
  /// Whether a wake may have been spent on it that was also meant for others.
  [[nodiscard]] bool has_counted() const noexcept { return has_counted_; }

 private:
  void count_off() noexcept {
    if (mark_) {
      sync::count_off(line_, sync::WaitKind::sleeper, mark_->epoch);
      mark_.reset();
    }
  }

  QueueWait& line_;
  const Wait& wait_;
  std::optional<sync::WaitMark> mark_;
  bool has_counted_ = false;
};

/// Of one role. Threads: one at a time, the role's.
class QueueLine {
 public:
  explicit QueueLine(QueueWait& line) noexcept : line_(line) {}

  /// Waits until ready(), then hands a wake on by wake_next(). In vain, or without a deadline:
  /// looks once more if `target`, which is about to be polled, is to say when it is worth it.
  /// Errors: wait_with()'s; `refusal`  no deadline
  template <class Ready, class WakeNext>
  Result<void> wait(
      const Wait& wait, PollTarget* target, Errc refusal, Ready&& ready, WakeNext&& wake_next) {
    auto waited = wait.deadline ? sleep(wait, ready, wake_next) : Error{.code = refusal};
    const bool is_in_vain = !waited && (!wait.deadline || waited.error().code == Errc::timed_out);
    if (is_in_vain && target != nullptr) {
      rearm(*target);
      if (ready()) {
        return {};
      }
    }
    return waited;
  }

  /// A verb begins, or the role ends: nobody polls any more.
  void stop_polling() noexcept {
    if (polling_) {
      sync::count_off(line_, sync::WaitKind::poller, polling_->epoch);
      polling_.reset();
    }
  }

 private:
  template <class Ready, class WakeNext>
  Result<void> sleep(const Wait& wait, Ready&& ready, WakeNext&& wake_next) {
    bool has_counted = false;
    const auto wait_counted = [&] {
      QueueSleeper sleeper(line_, wait);
      auto waited = wait_with(sleeper, wait, ready);
      has_counted = sleeper.has_counted();
      return waited;
    };
    auto waited = wait_counted();
    if (has_counted) {
      wake_next();
    }
    return waited;
  }

  // To be followed by a last look.
  void rearm(PollTarget& target) noexcept {
    stop_polling();
    target.rearm();
    polling_ = sync::count_on(line_, sync::WaitKind::poller);
  }

  QueueWait& line_;
  std::optional<sync::WaitMark> polling_;
};

/// What the fd of a queue's role watches.
class QueuePoll final : public PollSource {
 public:
  /// `need_not_wait` is called by the poll thread; it only reads.
  QueuePoll(const QueueWait& line, std::function<bool()> need_not_wait)
      : line_(line), need_not_wait_(std::move(need_not_wait)) {}

  [[nodiscard]] const sync::FutexWord& word() const noexcept override { return line_.poll_bell; }
  void arm() noexcept override {}
  [[nodiscard]] bool has_changed() const noexcept override { return need_not_wait_(); }

 private:
  const QueueWait& line_;
  const std::function<bool()> need_not_wait_;
};

}  // namespace tenure::detail
