// SPDX-License-Identifier: Apache-2.0
// A consumer of the soak: pops one or several, and ends them in each of the ways there are.
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "tests/soak/queue_oversleep.hpp"
#include "tests/soak/queue_stamp.hpp"
#include "tests/soak/queue_worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

class ConsumerActions {
 public:
  ConsumerActions(QueueWorker& worker, Client& client)
      : worker_(worker),
        is_of_parked_(worker.spec().lane == kParkedLane),
        consumer_(or_throw(client.consumer(
            worker.queue_name(),
            {.lane = is_of_parked_ ? kParked : worker.spec().lane, .timeout = 20s}))),
        oversleep_(worker) {
    if (worker.spec().wait_by == WaitBy::poll) {
      fd_ = or_throw(consumer_.fd());
    }
  }

  void run() {
    while (!has_finished_ && !is_over()) {
      if (worker_.random().one_in(worker_.queue().is_quiet ? 4 : 16)) {
        wait_and_dawdle();
      }
      pop();
      if (worker_.spec().pace == Pace::paced && worker_.random().one_in(8)) {
        worker_.pause(std::chrono::microseconds(worker_.random().below(500)));
      }
    }
  }

 private:
  // For the parked bundles nobody is told that the queue has ended.
  bool is_over() const {
    return is_of_parked_ && worker_.is_over() && worker_.queue().ends_by_finish;
  }

  // The wake-up that it got is for others, too: it has to hand it on.
  void wait_and_dawdle() {
    if (worker_.spec().wait_by != WaitBy::sleep || worker_.spec().pace == Pace::flat_out) {
      return;
    }
    oversleep_.forget();
    if (auto waited = consumer_.wait(worker_.timeout()); !waited) {
      accept(waited.error(), "wait");
    } else {
      worker_.pause(std::chrono::microseconds(worker_.random().below(most_dawdle_us())));
    }
  }
  // Where it is quiet somebody else has long had the bundle meanwhile.
  std::uint64_t most_dawdle_us() const { return worker_.queue().is_quiet ? 900'000 : 3000; }

  void accept(const Error& error, const char* verb) {
    if (error.code == Errc::finished && worker_.queue().ends_by_finish && worker_.is_over()) {
      has_finished_ = true;
      return;
    }
    if (error.code != Errc::empty && error.code != Errc::timed_out) {
      worker_.violation(std::string(verb) + ": " + error.message());
    }
    worker_.wait_otherwise(fd_);
  }

  void pop() {
    const bool several = worker_.random().one_in(8);
    oversleep_.begin();
    std::vector<Item> items;
    if (several) {
      auto popped = consumer_.pop_many(worker_.random().between(1, 8), worker_.timeout());
      if (!popped) {
        return accept(popped.error(), "pop_many");
      }
      items = *std::move(popped);
    } else {
      auto popped = consumer_.pop(worker_.timeout());
      if (!popped) {
        return accept(popped.error(), "pop");
      }
      items.push_back(*std::move(popped));
    }
    for (const Item& item : items) {
      check(item);
    }
    oversleep_.end(items.front());
    hold();
    while (!items.empty()) {
      end(items.back());
      items.pop_back();
    }
  }

  void check(const Item& item) {
    const ItemId id = id_of(item);
    worker_.report(worker_.ledger().pop(id, item.deliveries() == 1 && !is_of_parked_));
    // Before it was passed on for the first time, a stage may have died half-way with what it
    // writes and does not read.
    const bool may_be_half_changed = is_of_parked_ || worker_.pushed_to(id) == worker_.spec().lane;
    worker_.report(find_fault(item, worker_.queue().spec, may_be_half_changed));
    if (item.deliveries() == 1 && !is_of_parked_) {
      expect_in_order(id);
    }
  }

  // What one life of a producer has pushed to this lane comes in that order. What was passed on
  // comes as others passed it on.
  void expect_in_order(const ItemId& id) {
    if (worker_.pushed_to(id) != worker_.spec().lane) {
      return;
    }
    ItemId& last = last_.at(id.producer);
    if (last.life == id.life && last.number >= id.number) {
      worker_.violation(describe(id) + " comes after " + std::to_string(last.number));
    }
    last = id;
  }

  void hold() {
    if (worker_.spec().pace != Pace::flat_out && worker_.random().one_in(64)) {
      worker_.pause(std::chrono::microseconds(worker_.random().below(2000)));
    }
  }

  void end(Item& item) {
    if (is_of_parked_) {
      return end_parked(item);
    }
    const bool may_park = worker_.queue().spec.max_deliveries != 0;
    const std::uint64_t kind = worker_.random().below(64);
    if (kind == 0) {
      give_back(item, "nack", &Item::nack);
    } else if (kind == 1) {
      destroy(item);
    } else if (kind == 2 && may_park) {
      give_back(item, "park", &Item::park);
    } else if (worker_.spec().lane + 1 < worker_.queue().spec.lanes && kind > 8) {
      pass_on(item);
    } else {
      ack(item);
    }
  }

  void end_parked(Item& item) {
    const std::uint64_t kind = worker_.random().below(8);
    if (kind < 2 && !item.poisoned()) {
      give_back(item, "nack", &Item::nack);
    } else if (kind == 2) {
      give_back(item, "park", &Item::park);
    } else if (kind == 3) {
      destroy(item);
    } else {
      ack(item);
    }
  }

  void ack(Item& item) {
    const ItemId id = id_of(item);
    worker_.report(worker_.ledger().begin(id, ItemStage::acking));
    if (worker_.expect("ack", item.ack(), {})) {
      worker_.report(worker_.ledger().end_ack(id));
      worker_.own().handovers.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void give_back(Item& item, const char* verb, Result<void> (Item::*method)()) {
    const ItemId id = id_of(item);
    worker_.report(worker_.ledger().begin(id, ItemStage::giving_back));
    const auto given = (item.*method)();
    // A parked bundle is not delivered any more once the queue has ended.
    if (!given && given.error().code == Errc::finished && is_of_parked_ && worker_.is_over()) {
      worker_.report(worker_.ledger().keep(id, ItemStage::giving_back));
      return ack(item);
    }
    worker_.expect(verb, given, {});
  }

  void destroy(Item& item) {
    worker_.report(worker_.ledger().begin(id_of(item), ItemStage::giving_back));
    if (!is_of_parked_ && worker_.queue().spec.consume != Consume::read &&
        worker_.random().one_in(2)) {
      worker_.expect("writable", change(item, id_of(item)), {});
    }
    const Item gone(std::move(item));
    worker_.did_one();
  }

  void pass_on(Item& item) {
    const ItemId id = id_of(item);
    if (worker_.queue().spec.consume != Consume::read) {
      worker_.expect("writable", change(item, id), {});
    }
    worker_.report(worker_.ledger().begin(id, ItemStage::passing_on));
    worker_.expect("pass_on", item.pass_on(), {});
  }

  QueueWorker& worker_;
  bool is_of_parked_;
  Consumer consumer_;
  QueueOversleep oversleep_;
  int fd_ = -1;
  bool has_finished_ = false;
  std::array<ItemId, kMaxQueueProducers> last_{};
};

}  // namespace

void run_queue_consumer(QueueWorker& worker, Client& client) {
  ConsumerActions(worker, client).run();
}

}  // namespace tenure::soak
