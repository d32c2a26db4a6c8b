// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <tenure/queue.hpp>

#include "client/lib/queue_line.hpp"
#include "client/lib/queue_memory.hpp"
#include "client/lib/writer_state.hpp"
#include "proto/sync/queue_producer.hpp"

namespace tenure::detail {

/// Behind a Producer and its drafts. Threads: as WriterState.
class ProducerState final : public WriterState {
 public:
  ProducerState(std::shared_ptr<ClientState> client,
                std::string name,
                std::shared_ptr<QueueMemory> memory,
                std::size_t lane);

  /// Opens `name`. Errors: those of open_role; corrupt  the broker granted something else
  [[nodiscard]] static Result<std::shared_ptr<QueueMemory>> open(ClientState& client,
                                                                 const std::string& name,
                                                                 const LaneOptions& options);

  [[nodiscard]] Result<void> wait(Timeout timeout) override;
  [[nodiscard]] Result<RoleState*> reopened(Timeout timeout) override;

  // The producer's.
  [[nodiscard]] Result<Draft> draft(Timeout timeout) override;
  [[nodiscard]] Result<void> push(Draft& draft);
  [[nodiscard]] Result<void> push(const Tensors& tensors, const Note& note, Timeout timeout);
  [[nodiscard]] Result<void> finish();

 private:
  void give_back(const Filling& filling) noexcept override;
  void retire() noexcept override { line_.stop_polling(); }
  [[nodiscard]] Result<std::unique_ptr<PollSource>> poll_source() const override;
  [[nodiscard]] sync::Taken try_claim() noexcept;
  [[nodiscard]] bool could_claim() const noexcept;
  template <class Ready>
  [[nodiscard]] Result<void> wait_for_slot(Timeout timeout, Ready&& ready);
  [[nodiscard]] Error timed_out_error();

  const std::shared_ptr<QueueMemory> queue_;  // What memory_ is.
  const std::size_t lane_;
  sync::QueueProducer<> producer_;
  QueueLine line_;
};

}  // namespace tenure::detail
