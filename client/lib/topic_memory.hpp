// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include <tenure/topic.hpp>

#include "client/lib/role_memory.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// The memory of an open topic. Threads: as RoleMemory.
class TopicMemory : public RoleMemory {
 public:
  using Answer = wire::Opened;

  /// Maps what the broker granted and compares it with what the broker said; closes the fds.
  ///
  /// Errors: corrupt  head says something else than the broker;  too_old  a newer layout;
  ///         no_memory, denied  the mapping was refused
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> take(std::shared_ptr<Session> session,
                                                                 wire::Opened opened,
                                                                 std::vector<os::UniqueFd> fds);

  /// Writable only for a publisher.
  [[nodiscard]] sync::StdAtomics::Head& head() const noexcept {
    return *reinterpret_cast<sync::StdAtomics::Head*>(maps().head.map.data());
  }
  /// nullptr for an observer.
  [[nodiscard]] sync::StdAtomics::Bell* bell() const noexcept {
    return reinterpret_cast<sync::StdAtomics::Bell*>(maps().bell.map.data());
  }
  /// Whether everything is mapped, and writable: what a publisher needs.
  [[nodiscard]] bool is_writable() const noexcept {
    return maps().head.is_writable && maps().bell.is_writable && maps().data.is_writable;
  }

  /// What the broker answered, without schema and grants.
  [[nodiscard]] const wire::Opened& opened() const noexcept { return opened_; }
  [[nodiscard]] bool is_lossless() const noexcept {
    return opened_.retention == Retention::lossless;
  }

 private:
  TopicMemory(std::shared_ptr<Session> session, wire::Opened opened);
  [[nodiscard]] Result<void> check() override;

  const wire::Opened opened_;
};

}  // namespace tenure::detail
