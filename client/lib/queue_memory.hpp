// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include <tenure/queue.hpp>

#include "client/lib/role_memory.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/queue_wake.hpp"
#include "proto/wire/queue_messages.hpp"

namespace tenure::detail {

/// The memory of an open queue. Threads: as RoleMemory.
class QueueMemory : public RoleMemory {
 public:
  using Answer = wire::OpenedQueue;

  /// Maps what the broker granted and compares it with what the broker said; closes the fds.
  ///
  /// Errors: corrupt  head says something else than the broker;  too_old  a newer layout;
  ///         no_memory, denied  the mapping was refused
  [[nodiscard]] static Result<std::shared_ptr<QueueMemory>> take(std::shared_ptr<Session> session,
                                                                 wire::OpenedQueue opened,
                                                                 std::vector<os::UniqueFd> fds);

  [[nodiscard]] const sync::StdAtomics::Queue& queue() const noexcept { return *queue_; }
  /// Whether slots may be written: what a producer needs, and who changes bundles.
  [[nodiscard]] bool is_writable() const noexcept { return maps().data.is_writable; }

  /// After a bundle has come to a lane: a producer that may drop it waits for a free slot, among
  /// those of other lanes, so all of them are woken.
  void wake_droppers() const noexcept {
    if (opened_.when_full == WhenFull::drop_oldest) {
      sync::ring_counted(queue_->wait(layout::kFreeRing));
    }
  }

  /// What the broker answered, without schema and grants.
  [[nodiscard]] const wire::OpenedQueue& opened() const noexcept { return opened_; }
  [[nodiscard]] std::uint16_t owner() const noexcept {
    return static_cast<std::uint16_t>(opened_.owner);
  }

 private:
  QueueMemory(std::shared_ptr<Session> session, wire::OpenedQueue opened);
  [[nodiscard]] Result<void> check() override;

  const wire::OpenedQueue opened_;
  std::optional<sync::StdAtomics::Queue> queue_;  // Once check() has passed.
};

/// A lane as a packet says it; too large a number stays one that no queue has.
[[nodiscard]] constexpr std::uint32_t wire_lane(std::size_t lane) noexcept {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  return lane < most ? static_cast<std::uint32_t>(lane) : most;
}

}  // namespace tenure::detail
