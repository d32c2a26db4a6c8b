// SPDX-License-Identifier: Apache-2.0
// A producer of the soak: drafts, one or several; pushes in place or by copy; drops some; ends the
// queue at the end of some rounds.
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "tests/soak/queue_stamp.hpp"
#include "tests/soak/queue_worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// Who is not to finish the queue does so after this time: the other one may be dead.
constexpr auto kOthersTurn = 300ms;
constexpr auto kQuiet = 1600ms;

class ProducerActions {
 public:
  ProducerActions(QueueWorker& worker, Client& client)
      : worker_(worker),
        producer_(or_throw(
            client.producer(worker.queue_name(), {.lane = worker.spec().lane, .timeout = 20s}))) {
    if (worker.spec().wait_by == WaitBy::poll) {
      fd_ = or_throw(producer_.fd());
    }
  }

  void run() {
    while (!is_over()) {
      if (worker_.random().one_in(8)) {
        push_by_copy();
      } else if (worker_.random().one_in(16)) {
        push_several();
      } else {
        push_in_place();
      }
      pause();
    }
  }

 private:
  // In a round that ends by it, the queue is finished first: all have to be told.
  bool is_over() {
    if (has_finished_ || !worker_.is_over()) {
      return has_finished_;
    }
    if (!worker_.queue().ends_by_finish) {
      return true;
    }
    if (over_since_ == 0ns) {
      over_since_ = now();
    }
    if (worker_.index() == 0 || now() > over_since_ + kOthersTurn) {
      worker_.expect("finish", producer_.finish(), {});
    }
    return false;
  }

  bool accept(const Error& error) {
    has_finished_ = error.code == Errc::finished && worker_.queue().ends_by_finish;
    if (has_finished_) {
      return true;
    }
    worker_.wait_otherwise(fd_);
    return error.code == Errc::full || error.code == Errc::timed_out;
  }

  std::optional<Draft> draft(Timeout timeout) {
    auto draft = producer_.draft(timeout);
    if (!draft) {
      if (!accept(draft.error())) {
        worker_.violation("draft: " + draft.error().message());
      }
      return std::nullopt;
    }
    return *std::move(draft);
  }

  void push(Draft&& draft) {
    const auto id = worker_.ledger().begin_push();
    if (!id) {
      worker_.pause(1ms);
      worker_.did_one();
      return;
    }
    or_throw(fill(draft, worker_.queue().spec, *id));
    if (worker_.expect("push", producer_.push(std::move(draft)), {})) {
      worker_.ledger().end_push(*id, now());
    }
  }

  void push_in_place() {
    auto taken = draft(worker_.timeout());
    if (!taken) {
      return;
    }
    if (worker_.random().one_in(64)) {
      taken.reset();
      worker_.did_one();
    } else {
      push(*std::move(taken));
    }
  }

  // Those after the first only where they are to be had at once.
  void push_several() {
    std::vector<Draft> drafts;
    for (std::uint64_t i = worker_.random().between(2, 6); i != 0; --i) {
      auto taken = draft(drafts.empty() ? worker_.timeout() : kNoWait);
      if (!taken) {
        break;
      }
      drafts.push_back(*std::move(taken));
    }
    while (!drafts.empty()) {
      if (!worker_.random().one_in(8)) {
        push(std::move(drafts.back()));
      }
      drafts.pop_back();
    }
  }

  void push_by_copy() {
    const auto id = worker_.ledger().begin_push();
    if (!id) {
      return;
    }
    const auto pushed = push_copy(producer_, worker_.queue().spec, *id, worker_.timeout(), words_);
    if (pushed) {
      worker_.did_one();
      worker_.ledger().end_push(*id, now());
      return;
    }
    worker_.ledger().refuse_push(*id);
    if (!accept(pushed.error())) {
      worker_.violation("push: " + pushed.error().message());
    }
  }

  // Quiet: a few milliseconds now and then are for everybody to push. Sleepers look again by
  // themselves each second: between two such looks a lost wake-up is to be noticed.
  void pause_until_all_push() {
    const auto into = now() % kQuiet;
    if (into > 10ms) {
      worker_.did_one();
      worker_.pause(std::chrono::ceil<std::chrono::microseconds>(kQuiet - into));
    }
  }

  void pause() {
    if (worker_.queue().is_quiet) {
      return pause_until_all_push();
    }
    if (worker_.spec().pace == Pace::paced && worker_.random().one_in(4)) {
      worker_.pause(std::chrono::microseconds(worker_.random().below(300)));
    } else if (worker_.spec().pace == Pace::bursty && worker_.random().one_in(32)) {
      worker_.pause(std::chrono::microseconds(worker_.random().below(20'000)));
    }
  }

  QueueWorker& worker_;
  Producer producer_;
  int fd_ = -1;
  bool has_finished_ = false;
  std::chrono::nanoseconds over_since_{0};
  std::vector<std::uint64_t> words_;
};

}  // namespace

void run_queue_producer(QueueWorker& worker, Client& client) {
  ProducerActions(worker, client).run();
}

}  // namespace tenure::soak
