// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tenure/topic.hpp>

#include "client/lib/role_state.hpp"
#include "client/lib/snapshot_buffer.hpp"
#include "proto/sync/topic_reader.hpp"

namespace tenure::detail {

/// Behind a Subscriber and its views. The subscriber's methods are called by one thread at a time;
/// views are let go on any thread: what they share is under the lock.
class SubscriberState final : public RoleState {
 public:
  SubscriberState(std::shared_ptr<ClientState> client,
                  std::string name,
                  std::shared_ptr<TopicMemory> memory,
                  const SubscriberOptions& options,
                  std::optional<std::uint64_t> resume_after = {});

  /// Opens `name` and starts where `options` say.
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> open(ClientState& client,
                                                                 const std::string& name,
                                                                 const SubscriberOptions& options);

  [[nodiscard]] Result<void> wait(Timeout timeout) override;
  [[nodiscard]] Result<RoleState*> reopened(Timeout timeout) override;

  // The subscriber's.
  [[nodiscard]] Result<View> latest();
  [[nodiscard]] Result<View> next(Timeout timeout);
  [[nodiscard]] Result<Snapshot> snapshot(Snapshot&& reuse);

  /// A view's: lets go of the slot and of one ownership. Returns whether the bundle was left alone.
  bool let_go(std::size_t slot, std::uint64_t version) noexcept;

 private:
  [[nodiscard]] Result<PollTarget::Direction> poll_direction() const override;
  [[nodiscard]] bool is_observer() const noexcept { return options_.access == Access::observe; }
  [[nodiscard]] Result<void> check_can_view() const;
  [[nodiscard]] SleepPlace sleep_place() const noexcept;
  [[nodiscard]] Result<void> wait_for_newer(Timeout timeout);
  [[nodiscard]] View make_view(const sync::Found& found) noexcept;
  template <class Attempt>
  [[nodiscard]] sync::Found try_to_view(Attempt&& attempt) noexcept;
  [[nodiscard]] Result<void> pause_for_claimed(int attempt, Timeout left);
  [[nodiscard]] Result<Snapshot> copy_newest(std::unique_ptr<SnapshotBuffer> buffer);
  [[nodiscard]] Error gap_error(std::uint64_t missed) const;

  const SubscriberOptions options_;
  sync::TopicReader<> reader_;  // Counts and holds are guarded by lock_.
};

}  // namespace tenure::detail
