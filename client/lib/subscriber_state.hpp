// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenure/topic.hpp>

#include "client/lib/role_state.hpp"
#include "client/lib/snapshot_buffer.hpp"
#include "client/lib/topic_memory.hpp"
#include "proto/sync/topic_reader.hpp"

namespace tenure::detail {

/// A view's hold on its slot, which each tensor exported from the view has as well.
struct ViewHold {
  std::size_t slot = 0;
  std::uint64_t version = 0;
  std::uint64_t view = 0;  // Its number among the subscriber's.
};

/// What came of letting a slot go: torn: its bundle was not left alone.
enum class Released : std::uint8_t { intact, torn, still_exported };

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

  /// A view's: lets go of the slot and of one ownership, whatever was exported.
  void let_go(const ViewHold& hold) noexcept;
  /// The same, but nothing happens while a tensor exported from the view lives.
  [[nodiscard]] Released release(const ViewHold& hold) noexcept;

  /// An exported tensor's: one more hold and one more ownership, and the end of both.
  void begin_export(const ViewHold& hold);
  void end_export(const ViewHold& hold) noexcept;

 private:
  void retire() noexcept override;
  [[nodiscard]] Result<std::unique_ptr<PollSource>> poll_source() const override;
  [[nodiscard]] bool is_observer() const noexcept { return options_.access == Access::observe; }
  [[nodiscard]] Error no_view_error() const;
  [[nodiscard]] SleepPlace sleep_place() const noexcept;
  [[nodiscard]] Result<View> next_after(sync::Found found, Timeout timeout);
  [[nodiscard]] Result<void> wait_for_newer(const Wait& wait);
  [[nodiscard]] View make_view(const sync::Found& found) noexcept;
  template <class Attempt>
  [[nodiscard]] sync::Found try_to_view(Attempt&& attempt) noexcept;
  [[nodiscard]] Result<void> pause_for_claimed(int attempt, const Wait& wait);
  [[nodiscard]] sync::Found copy_newest(SnapshotBuffer& buffer);
  [[nodiscard]] Error no_copy_error(sync::Attempt attempt);
  [[nodiscard]] Error gap_error(std::uint64_t missed) const;
  [[nodiscard]] static std::shared_ptr<const void> keep_view(const Bundle& bundle);
  [[nodiscard]] static std::shared_ptr<const void> keep_snapshot(const Bundle& bundle);
  bool end_hold(const ViewHold& hold) noexcept;

  const SubscriberOptions options_;
  const std::shared_ptr<TopicMemory> topic_;  // What memory_ is.
  sync::TopicReader<> reader_;                // Counts and holds are guarded by lock_.
  std::uint64_t views_ = 0;                   // The subscriber's thread. Numbers them.
  std::vector<std::uint64_t> exports_;        // guarded by lock_. The view of each exported tensor.
};

}  // namespace tenure::detail
