// SPDX-License-Identifier: Apache-2.0
// After a round: what is left is acknowledged, every slot can be had at once, each lane is
// finished.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/soak/queue_stamp.hpp"
#include "tests/soak/queue_worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

class Sweep {
 public:
  Sweep(QueueWorker& worker, Client& client)
      : worker_(worker),
        client_(client),
        producer_(or_throw(client.producer(worker.queue_name(), {.timeout = 20s}))) {}

  void run() {
    const bool has_finished = worker_.queue().ends_by_finish;
    empty_all(has_finished ? Errc::finished : Errc::empty);
    if (!has_finished) {
      have_every_slot();
      or_throw(producer_.finish());
      empty_all(Errc::finished);
    }
    if (const auto refused = producer_.draft(kNoWait);
        refused || refused.error().code != Errc::finished) {
      worker_.violation("a draft of a queue that has ended");
    }
  }

 private:
  void empty_all(Errc at_the_end) {
    for (std::size_t lane = 0; lane < worker_.queue().spec.lanes; ++lane) {
      empty(lane, at_the_end);
    }
    empty(kParked, Errc::empty);
  }

  void empty(std::size_t lane, Errc at_the_end) {
    Consumer consumer = or_throw(client_.consumer(worker_.queue_name(), {.lane = lane}));
    for (;;) {
      auto item = consumer.pop(kNoWait);
      if (!item) {
        if (item.error().code != at_the_end) {
          worker_.violation("lane " + std::to_string(lane) + ": " + item.error().message());
        }
        return;
      }
      const ItemId id = id_of(*item);
      worker_.report(worker_.ledger().pop(id, item->deliveries() == 1 && lane != kParked));
      worker_.report(find_fault(*item, worker_.queue().spec, true));
      worker_.report(worker_.ledger().begin(id, ItemStage::acking));
      if (worker_.expect("ack", item->ack(), {})) {
        worker_.report(worker_.ledger().end_ack(id));
        worker_.own().handovers.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }

  // Each is listed once: so many, and no more.
  void have_every_slot() {
    std::vector<Draft> drafts;
    for (auto draft = producer_.draft(kNoWait); draft; draft = producer_.draft(kNoWait)) {
      drafts.push_back(*std::move(draft));
      if (drafts.size() > worker_.queue().spec.slots) {
        break;
      }
    }
    if (drafts.size() != worker_.queue().spec.slots) {
      worker_.violation(std::to_string(drafts.size()) + " of " +
                        std::to_string(worker_.queue().spec.slots) + " slots are to be had");
    }
  }

  QueueWorker& worker_;
  Client& client_;
  Producer producer_;
};

}  // namespace

void run_queue_sweep(QueueWorker& worker, Client& client) {
  Sweep(worker, client).run();
}

}  // namespace tenure::soak
