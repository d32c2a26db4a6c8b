// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/topic.hpp>

#include "client/lib/descriptor.hpp"
#include "client/lib/role_state.hpp"
#include "proto/sync/topic_writer.hpp"

namespace tenure::detail {

/// Behind a Publisher and its drafts. The publisher's methods are called by one thread at a time, a
/// draft's by one thread at a time; what they share is under the lock.
class PublisherState final : public RoleState {
 public:
  PublisherState(std::shared_ptr<ClientState> client,
                 std::string name,
                 std::shared_ptr<TopicMemory> memory);

  /// Opens `name`. Errors: those of open_topic; corrupt  a grant is missing
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> open(ClientState& client,
                                                                 const std::string& name,
                                                                 Timeout timeout);

  [[nodiscard]] Result<void> wait(Timeout timeout) override;
  [[nodiscard]] Result<RoleState*> reopened(Timeout timeout) override;

  // The publisher's.
  [[nodiscard]] Result<Draft> draft(Timeout timeout);
  [[nodiscard]] Result<std::uint64_t> publish(Draft& draft);
  [[nodiscard]] Result<std::uint64_t> publish(Tensors tensors, const Note& note, Timeout timeout);
  [[nodiscard]] Result<void> wait_for_subscribers(std::size_t count, Timeout timeout);

  // A draft's.
  [[nodiscard]] Result<TensorSpan> tensor(std::size_t slot,
                                          std::string_view name,
                                          std::optional<DType> dtype,
                                          const Shape* shape);
  [[nodiscard]] Result<void> set_note(std::size_t slot, const Note& note);
  void drop(std::size_t slot) noexcept;

 private:
  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

  // What is known of a slot being filled; the draft's until it is published.
  struct Filling {
    std::vector<std::uint64_t> tensor_bytes;  // Per tensor of the schema, or kAbsent.
    std::uint64_t tag = 0;
    std::uint32_t attribute_bytes = 0;
  };

  struct Copy {
    std::size_t index;
    const TensorView* source;
  };

  [[nodiscard]] Result<PollTarget::Direction> poll_direction() const override;
  [[nodiscard]] bool try_claim(std::optional<std::size_t>& slot) noexcept;
  bool drop_laggards() noexcept;
  [[nodiscard]] Result<std::size_t> claim(Timeout timeout);
  [[nodiscard]] bool try_claim_or_rearm(std::optional<std::size_t>& slot) noexcept;
  [[nodiscard]] Result<void> wait_for_claim(Timeout timeout, std::optional<std::size_t>& slot);
  [[nodiscard]] SleepPlace sleep_place() const noexcept;
  [[nodiscard]] Error timed_out_error();
  [[nodiscard]] Result<void> check_note(const Note& note) const;
  [[nodiscard]] Result<void> plan_copies(const Tensors& tensors);
  void begin(std::size_t slot) noexcept;
  void describe_tensor(std::size_t slot, std::size_t index, const TensorSpan& tensor) noexcept;
  std::uint64_t finish_descriptors(std::size_t slot) noexcept;
  void write_record(std::size_t slot, std::uint64_t version) noexcept;

  sync::TopicWriter<> writer_;                   // guarded by lock_
  std::optional<sync::Deadline> stalled_since_;  // guarded by lock_. The first claim in vain.
  std::array<Filling, layout::kMaxSlots> filling_;
  // The publisher's thread. Of publish() by copy; kept, so that it allocates nothing.
  std::vector<Copy> copies_;
  std::vector<bool> is_named_;
};

}  // namespace tenure::detail
