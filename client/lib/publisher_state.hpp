// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tenure/topic.hpp>

#include "client/lib/topic_memory.hpp"
#include "client/lib/writer_state.hpp"
#include "proto/sync/topic_writer.hpp"

namespace tenure::detail {

/// Behind a Publisher and its drafts. Threads: as WriterState.
class PublisherState final : public WriterState {
 public:
  PublisherState(std::shared_ptr<ClientState> client,
                 std::string name,
                 std::shared_ptr<TopicMemory> memory);

  /// Opens `name`. Errors: those of open_role; corrupt  a grant is missing
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> open(ClientState& client,
                                                                 const std::string& name,
                                                                 Timeout timeout);

  [[nodiscard]] Result<void> wait(Timeout timeout) override;
  [[nodiscard]] Result<RoleState*> reopened(Timeout timeout) override;

  // The publisher's.
  [[nodiscard]] Result<Draft> draft(Timeout timeout) override;
  [[nodiscard]] Result<std::uint64_t> publish(Draft& draft);
  [[nodiscard]] Result<std::uint64_t> publish(const Tensors& tensors,
                                              const Note& note,
                                              Timeout timeout);
  [[nodiscard]] Result<void> wait_for_subscribers(std::size_t count, Timeout timeout);

 private:
  void give_back(const Filling& filling) noexcept override;
  [[nodiscard]] Result<std::unique_ptr<PollSource>> poll_source() const override;
  [[nodiscard]] bool try_claim(std::optional<std::size_t>& slot) noexcept;
  bool drop_laggards() noexcept;
  [[nodiscard]] Result<std::size_t> claim(Timeout timeout);
  [[nodiscard]] bool try_claim_or_rearm(std::optional<std::size_t>& slot) noexcept;
  [[nodiscard]] Result<void> wait_for_claim(Timeout timeout, std::optional<std::size_t>& slot);
  [[nodiscard]] SleepPlace sleep_place() const noexcept;
  [[nodiscard]] Error timed_out_error();

  const std::shared_ptr<TopicMemory> topic_;     // What memory_ is.
  sync::TopicWriter<> writer_;                   // guarded by lock_
  std::optional<sync::Deadline> stalled_since_;  // guarded by lock_. The first claim in vain.
};

}  // namespace tenure::detail
