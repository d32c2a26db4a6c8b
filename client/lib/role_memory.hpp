// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "client/lib/bundle_schema.hpp"
#include "client/lib/host_range.hpp"
#include "client/lib/pin_counts.hpp"
#include "client/lib/session.hpp"
#include "proto/layout/constants.hpp"
#include "proto/os/mapping.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// What an open role has mapped, and its handle at the broker. The last one to let go of it unmaps,
/// and then closes the handle: in this order, for the broker looks whether a writer is left.
///
/// In a forked child the writable maps are not there, and nothing is unmapped or closed.
/// Threads: constant after construction but for the pins; what lies in the memory is shared.
class RoleMemory {
 public:
  RoleMemory(const RoleMemory&) = delete;
  RoleMemory& operator=(const RoleMemory&) = delete;
  virtual ~RoleMemory();

  /// The slot's first byte; `slot` is below the segment's number of slots.
  [[nodiscard]] std::byte* slot(std::size_t slot) const noexcept {
    return maps_.data.map.data() + slot * slot_stride_bytes_;
  }
  [[nodiscard]] std::uint64_t slot_stride_bytes() const noexcept { return slot_stride_bytes_; }
  /// All slots.
  [[nodiscard]] HostRange data() const noexcept {
    return {.data = maps_.data.map.data(),
            .size_bytes = maps_.data.map.size_bytes(),
            .is_read_only = !maps_.data.is_writable};
  }
  [[nodiscard]] PinCounts& pins() noexcept { return pins_; }

  [[nodiscard]] const std::shared_ptr<const BundleSchema>& schema() const noexcept {
    return schema_;
  }
  /// Non-zero: the segment has got fresh memory.
  [[nodiscard]] const sync::FutexWord& superseded() const noexcept { return *superseded_; }
  [[nodiscard]] std::uint64_t handle() const noexcept { return handle_; }
  [[nodiscard]] Session& session() const noexcept { return *session_; }
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

 protected:
  struct Part {
    os::Mapping map = {};
    bool is_writable = false;
  };
  struct Maps {
    Part head = {};
    Part bell = {};  // Of a topic, unless it is only observed.
    Part data = {};
  };
  /// What a broker says of a schema: here it is, or in which fd.
  struct SentSchema {
    std::vector<TensorSpec> tensors;
    std::optional<std::uint32_t> fd;
    std::uint32_t attribute_bytes;
  };

  RoleMemory(std::shared_ptr<Session> session, std::uint64_t handle);
  /// Maps what was granted, and checks all of it.
  /// Errors: corrupt  not what belongs to the answer;  too_old;  no_memory, denied  the mapping was
  ///         refused
  [[nodiscard]] Result<void> fill(SentSchema schema,
                                  const std::vector<wire::Grant>& grants,
                                  const std::vector<os::UniqueFd>& fds);
  /// Everything that is used as an index or an offset later on; ends with check_head().
  [[nodiscard]] virtual Result<void> check() = 0;
  /// Constants that `head` of every kind has, as the broker's answer says them.
  struct Constants {
    Kind kind = Kind::topic;
    std::uint64_t id = 0;
    std::uint64_t incarnation = 0;
    std::uint32_t slots = 0;
    std::uint64_t slot_stride_bytes = 0;
  };
  /// Whether `head`, whose size has been checked, is that of this segment; the role goes on with
  /// these. Errors: corrupt;  too_old  a newer layout
  template <class Head>
  Result<void> check_head(const Head& head,
                          const Constants& answered,
                          const sync::FutexWord& superseded) {
    // acquire: the other constants are visible. pairs: head.magic
    if (head.magic.load(std::memory_order_acquire) != layout::kMagic) {
      return corrupt("memory without the magic number");
    }
    if (head.layout_version != layout::kLayoutVersion || head.incompat != 0) {
      return too_new(head.layout_version);
    }
    if (head.kind != static_cast<std::uint32_t>(answered.kind) || head.segment_id != answered.id ||
        head.incarnation != answered.incarnation || head.slot_count != answered.slots ||
        head.slot_stride_bytes != answered.slot_stride_bytes) {
      return corrupt("memory of another segment");
    }
    slot_stride_bytes_ = answered.slot_stride_bytes;
    superseded_ = &superseded;
    return {};
  }
  [[nodiscard]] const Maps& maps() const noexcept { return maps_; }
  [[nodiscard]] static Error corrupt(const char* what);
  [[nodiscard]] static Error too_new(std::uint32_t layout_version);

 private:
  Result<void> load_schema(SentSchema sent, const std::vector<os::UniqueFd>& fds);
  Result<void> map_grants(const std::vector<wire::Grant>& grants,
                          const std::vector<os::UniqueFd>& fds);

  const std::shared_ptr<Session> session_;
  const std::uint32_t generation_;
  const std::uint64_t handle_;
  std::shared_ptr<const BundleSchema> schema_;
  std::uint64_t slot_stride_bytes_ = 0;
  const sync::FutexWord* superseded_ = nullptr;
  Maps maps_;
  PinCounts pins_;  // Of maps_.data.
};

}  // namespace tenure::detail
