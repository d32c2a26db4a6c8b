// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/queue.hpp>

#include "client/lib/queue_line.hpp"
#include "client/lib/queue_memory.hpp"
#include "client/lib/role_state.hpp"
#include "proto/sync/queue_consumer.hpp"

namespace tenure::detail {

/// Behind a Consumer and its items. The consumer's methods are called by one thread at a time;
/// items are ended on any thread: what they share is under the lock.
class ConsumerState final : public RoleState {
 public:
  ConsumerState(std::shared_ptr<ClientState> client,
                std::string name,
                std::shared_ptr<QueueMemory> memory,
                std::size_t lane);

  /// Opens `name`. Errors: those of open_role; corrupt  the broker granted something else
  [[nodiscard]] static Result<std::shared_ptr<QueueMemory>> open(ClientState& client,
                                                                 const std::string& name,
                                                                 const LaneOptions& options);

  [[nodiscard]] Result<void> wait(Timeout timeout) override;
  [[nodiscard]] Result<RoleState*> reopened(Timeout timeout) override;

  // The consumer's.
  [[nodiscard]] Result<Item> pop(Timeout timeout);
  [[nodiscard]] Result<std::vector<Item>> pop_many(std::size_t at_most, Timeout timeout);

  // An item's, which is not empty.
  enum class Ending : std::uint8_t { ack, nack, park };
  [[nodiscard]] Result<void> end(Item& item, Ending ending);
  [[nodiscard]] Result<void> pass_on(Item& item, std::optional<std::size_t> lane);
  /// What tensor() says of the item, but to be written. Neither dtype nor shape: as it is.
  [[nodiscard]] Result<TensorSpan> writable(Item& item,
                                            std::string_view name,
                                            std::optional<DType> dtype,
                                            const Shape* shape);
  /// Gives it up, at once or with its last exported tensor, and one ownership.
  void give_up(const Item& item) noexcept;

  /// An exported tensor's: the slot stays the item's, and one ownership; and the end of both.
  void begin_export(std::uint32_t slot);
  void end_export(std::uint32_t slot) noexcept;

 private:
  [[nodiscard]] bool is_of_parked() const noexcept { return lane_ == kParked; }
  [[nodiscard]] layout::RingName ring() const noexcept;
  void retire() noexcept override { line_.stop_polling(); }
  [[nodiscard]] Result<std::unique_ptr<PollSource>> poll_source() const override;
  [[nodiscard]] sync::Taken try_pop() noexcept;
  [[nodiscard]] bool could_pop() const noexcept;
  [[nodiscard]] Error timed_out_error() const;
  template <class Ready>
  [[nodiscard]] Result<void> wait_for_bundle(Timeout timeout, Ready&& ready);
  [[nodiscard]] Item make_item(const sync::Held& held) noexcept;
  [[nodiscard]] bool is_exported(std::uint32_t slot) const noexcept;
  [[nodiscard]] Result<void> check_not_exported(const Item& item);
  [[nodiscard]] Result<void> settle(Item& item, sync::Outcome outcome);
  [[nodiscard]] Result<std::size_t> find_writable(std::string_view name) const;
  [[nodiscard]] Result<void> open_now(const Item& item, std::size_t index, TensorView& now) const;
  void mark_changing(Item& item) noexcept;
  [[nodiscard]] static std::shared_ptr<const void> keep_item(const Bundle& bundle);

  const std::shared_ptr<QueueMemory> queue_;  // What memory_ is.
  const std::size_t lane_;                    // Or kParked.
  sync::QueueConsumer<> consumer_;
  QueueLine line_;
  std::vector<std::uint32_t> exports_;  // guarded by lock_. The slot of each exported tensor.
  std::vector<sync::Held> given_up_;    // guarded by lock_. Once they are not exported any more.
};

}  // namespace tenure::detail
