// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenure/topic.hpp>

#include "client/lib/bundle_schema.hpp"
#include "client/lib/host_range.hpp"
#include "client/lib/pin_counts.hpp"
#include "client/lib/session.hpp"
#include "proto/os/mapping.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// An open topic: its maps and its handle at the broker. The last one to let go of it unmaps, and
/// then closes the handle: in this order, for the broker looks whether a writer is left.
///
/// In a forked child the writable maps are not there, and nothing is unmapped or closed.
/// Threads: constant after construction but for the pins; what lies in the memory is shared.
class TopicMemory {
 public:
  /// Maps what the broker granted and compares it with what the broker said; closes the fds.
  ///
  /// Errors: corrupt  head says something else than the broker;  too_old  a newer layout;
  ///         no_memory, denied  the mapping was refused
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> take(std::shared_ptr<Session> session,
                                                                 wire::Opened opened,
                                                                 std::vector<os::UniqueFd> fds);
  TopicMemory(const TopicMemory&) = delete;
  TopicMemory& operator=(const TopicMemory&) = delete;
  ~TopicMemory();

  /// Writable only for a publisher.
  [[nodiscard]] sync::StdAtomics::Head& head() const noexcept {
    return *reinterpret_cast<sync::StdAtomics::Head*>(head_.data());
  }
  /// nullptr for an observer.
  [[nodiscard]] sync::StdAtomics::Bell* bell() const noexcept {
    return reinterpret_cast<sync::StdAtomics::Bell*>(bell_.data());
  }
  /// The slot's first byte; `slot` is below `opened().slots`. Writable only for a publisher.
  [[nodiscard]] std::byte* slot(std::size_t slot) const noexcept {
    return data_.data() + slot * opened_.slot_stride_bytes;
  }

  /// Whether everything is mapped, and writable: what a publisher needs.
  [[nodiscard]] bool is_writable() const noexcept { return is_writable_; }

  /// All slots.
  [[nodiscard]] HostRange data() const noexcept {
    return {
        .data = data_.data(), .size_bytes = data_.size_bytes(), .is_read_only = is_data_read_only_};
  }
  [[nodiscard]] PinCounts& pins() noexcept { return pins_; }

  /// What the broker answered, without schema and grants.
  [[nodiscard]] const wire::Opened& opened() const noexcept { return opened_; }
  [[nodiscard]] bool is_lossless() const noexcept {
    return opened_.retention == Retention::lossless;
  }
  [[nodiscard]] const std::shared_ptr<const BundleSchema>& schema() const noexcept {
    return schema_;
  }
  [[nodiscard]] Session& session() const noexcept { return *session_; }
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

 private:
  TopicMemory(std::shared_ptr<Session> session, wire::Opened opened);
  Result<void> load_schema(const std::vector<os::UniqueFd>& fds);
  Result<void> map_grants(const std::vector<os::UniqueFd>& fds);
  [[nodiscard]] Result<void> check_sizes() const;
  [[nodiscard]] Result<void> check_head() const;

  std::shared_ptr<Session> session_;
  std::uint32_t generation_;
  wire::Opened opened_;
  std::shared_ptr<const BundleSchema> schema_;
  os::Mapping head_;
  os::Mapping bell_;
  os::Mapping data_;
  bool is_data_read_only_ = true;
  PinCounts pins_;            // Of data_.
  bool is_writable_ = false;  // All three of them.
};

}  // namespace tenure::detail
