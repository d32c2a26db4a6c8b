// SPDX-License-Identifier: Apache-2.0
#include "client/lib/poll_thread.hpp"

#include <csignal>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include "client/lib/fork_guard.hpp"
#include "client/lib/poller.hpp"

namespace tenure::detail {

using namespace std::chrono_literals;

namespace {

// Without futex_waitv the thread sleeps on its one word alone, and looks this often whether it is
// still wanted.
constexpr std::chrono::milliseconds kAloneSlice{20};

bool can_wait_for_several() noexcept {
  static const bool can = [] {
    const sync::FutexWord word{1};
    return sync::futex_wait_any(std::array{sync::WaitWord{.word = &word, .expected = 0}}, 0ns);
  }();
  return can;
}

// Blocks every signal in this thread while it lives, for threads started meanwhile to inherit.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    ::sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  ::sigset_t before_{};
};

}  // namespace

struct PollThread::Pool {
  std::uint32_t generation = fork_generation();
  std::mutex mutex;
  std::vector<std::shared_ptr<PollThread>> threads;  // guarded by mutex
};

// Never destroyed: threads may outlive static storage. A forked child gets its own.
PollThread::Pool& PollThread::pool() {
  static std::atomic<Pool*> current{nullptr};
  Pool* found = current.load(std::memory_order_acquire);  // acquire: its members. pairs: poll.pool
  if (found != nullptr && found->generation == fork_generation()) {
    return *found;
  }
  auto* fresh = new Pool;
  // acq_rel: as above, and publishes the fresh one. pairs: poll.pool
  if (current.compare_exchange_strong(
          found, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) {
    return *fresh;
  }
  delete fresh;
  return *found;
}

Result<std::shared_ptr<PollThread>> PollThread::watch(PollTarget& target) {
  Pool& all = pool();
  const std::scoped_lock lock(all.mutex);
  std::erase_if(all.threads, [](const auto& thread) {
    const std::scoped_lock ended(thread->mutex_);
    return thread->has_ended_;
  });
  for (const auto& thread : all.threads) {
    if (thread->try_add(target)) {
      return thread;
    }
  }
  auto thread = std::make_shared<PollThread>();
  thread->targets_.push_back(&target);
  try {
    const SignalsBlocked blocked;
    std::thread([thread] { thread->run(); }).detach();
  } catch (const std::system_error& refusal) {
    return Error{.code = Errc::too_many,
                 .sys_errno = refusal.code().value(),
                 .detail = std::string("fd: no thread to be had: ") + refusal.what(),
                 .hint = "raise RLIMIT_NPROC or the cgroup's pids.max"};
  }
  all.threads.push_back(thread);
  return thread;
}

bool PollThread::try_add(PollTarget& target) {
  const std::scoped_lock lock(mutex_);
  const std::size_t room = can_wait_for_several() ? sync::kMaxWaitWords - 1 : 1;
  if (has_ended_ || targets_.size() >= room) {
    return false;
  }
  targets_.push_back(&target);
  nudge();
  return true;
}

void PollThread::forget(PollTarget& target) noexcept {
  const std::scoped_lock lock(mutex_);
  std::erase(targets_, &target);
  nudge();
}

void PollThread::nudge() noexcept {
  // release: the thread sees the change that it is nudged for. pairs: poll.control
  control_.fetch_add(1, std::memory_order_release);
  sync::futex_wake_all(control_);
}

// The words of all targets behind the control word, and when to look again in any case.
sync::Deadline PollThread::fill(std::vector<sync::WaitWord>& words) const {
  words.assign(1,
               {.word = &control_,
                // acquire: see nudge(). pairs: poll.control
                .expected = control_.load(std::memory_order_acquire)});
  std::chrono::nanoseconds soonest = 1s;
  for (const PollTarget* target : targets_) {
    words.push_back({.word = &target->word_, .expected = target->last_});
    soonest = std::min(soonest, target->look_every());
  }
  return sync::monotonic_now() + soonest;
}

// A word may be unmapped while the kernel looks at it: forget() has then nudged the control word,
// and the kernel answers EFAULT or wakes up; a stale pointer is never followed here.
void PollThread::run() {
  const std::shared_ptr<PollThread> self = shared_from_this();
  ::pthread_setname_np(::pthread_self(), "tenure-poll");
  std::vector<sync::WaitWord> words;
  words.reserve(sync::kMaxWaitWords);
  for (;;) {
    sync::Deadline until = sync::kNever;
    {
      const std::scoped_lock lock(mutex_);
      for (PollTarget* target : targets_) {
        target->signal_changes();
      }
      if (targets_.empty()) {
        has_ended_ = true;
        return;
      }
      until = fill(words);
    }
    if (!sync::futex_wait_any(words, until)) {
      sync::futex_wait(
          *words[1].word, words[1].expected, std::min(until, sync::monotonic_now() + kAloneSlice));
    }
  }
}

}  // namespace tenure::detail
