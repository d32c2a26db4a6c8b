// SPDX-License-Identifier: Apache-2.0
/// One process of a round of queues.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>

#include <tenure/tenure.hpp>

#include "tests/soak/queue_ledger.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {

/// What such a process knows of itself. Threads: one.
class QueueWorker : public Worker {
 public:
  QueueWorker(std::string socket, Board& board, std::size_t index);

  [[nodiscard]] const QueueBoard& queue() const noexcept { return board().queue; }
  [[nodiscard]] const std::string& queue_name() const noexcept { return queue_name_; }
  [[nodiscard]] QueueLedger& ledger() noexcept { return ledger_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

  /// To which lane a bundle was pushed; a producer keeps to one.
  [[nodiscard]] std::uint32_t pushed_to(const ItemId& id) const {
    return board().workers.at(id.producer).spec.lane;
  }
  /// A fault that was found; empty: none.
  void report(const std::string& fault) {
    if (!fault.empty()) {
      violation(fault);
    }
  }
  /// Counts a success; a refusal that is none of `allowed` is a violation.
  template <class T>
  bool expect(const char* verb, const Result<T>& result, std::initializer_list<Errc> allowed) {
    if (!result) {
      return refused(verb, result.error(), allowed);
    }
    did_one();
    return true;
  }
  /// How it waits for a slot or a bundle, by its orders.
  [[nodiscard]] Timeout timeout() const noexcept;
  /// After a verb in vain; `fd`: of the role, where it polls.
  void wait_otherwise(int fd);

 private:
  [[nodiscard]] std::chrono::milliseconds longest_wait() const noexcept;
  bool refused(const char* verb, const Error& error, std::initializer_list<Errc> allowed);

  std::size_t index_;
  std::string queue_name_;
  QueueLedger ledger_;
};

/// Until the end of the round.
void run_queue_producer(QueueWorker& worker, Client& client);
void run_queue_consumer(QueueWorker& worker, Client& client);
/// After the round, when everybody is gone: acknowledges what is left, and has every slot at once.
void run_queue_sweep(QueueWorker& worker, Client& client);

}  // namespace tenure::soak
