// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "daemon/shm/memfd.hpp"
#include "daemon/shm/part.hpp"
#include "daemon/shm/segment_memory.hpp"
#include "daemon/shm/writer_check.hpp"
#include "proto/layout/queue_head.hpp"
#include "proto/layout/queue_plan.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/queue_repair.hpp"
#include "proto/sync/queue_status.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::shm {

/// What a queue's memory is made of.
struct QueueSpec {
  std::string name;
  std::uint64_t segment_id = 0;
  std::uint64_t incarnation = 1;
  layout::QueueShape rules = {};
  std::uint64_t slot_stride_bytes = 0;
  std::uint64_t head_bytes = 0;
  std::uint64_t data_bytes = 0;
  WhenFull when_full = WhenFull::wait;
  Consume consume = Consume::read;
  std::uint32_t tensor_count = 0;
  std::uint32_t attribute_bytes = 0;
  Pages pages = Pages::huge;
  SharedFd schema = {};  ///< Its text, where it is too large for a packet; kept for who opens.
};

/// The memory of a queue: head and data. What peers write into it is never trusted.
///
/// Threads: one at a time; make() and retire() take long and belong on the slow thread.
class QueueMemory : public SegmentMemory {
 public:
  /// Errors: no_memory, too_many;  bad_request  rules out of range
  [[nodiscard]] static Result<std::shared_ptr<QueueMemory>> make(const QueueSpec& spec);

  [[nodiscard]] const QueueSpec& spec() const noexcept { return spec_; }

  // ---- rights

  /// Fds for a role: everybody writes `head`; producers write `data`, and consumers where they may
  /// change it, else they read it. Errors: too_many, held
  [[nodiscard]] Result<std::vector<Part>> grant(wire::OpenAs as);
  [[nodiscard]] Writers writers() const noexcept override;
  [[nodiscard]] Writers retire() noexcept override;

  /// Moves on what roles have left behind that are dead or closed, all of them at once, and wakes
  /// everybody. After it their owner indices may be given to others.
  [[nodiscard]] sync::QueueRepairs repair(std::vector<std::uint16_t> owners);

  // ---- what peers say

  /// Fills what only the memory knows. `coarse_now` is of CLOCK_MONOTONIC_COARSE.
  void describe(SegmentInfo& info, std::chrono::nanoseconds coarse_now) const;
  /// Who has slots in its hands, by owner index.
  [[nodiscard]] std::vector<sync::HolderStatus> holders() const;
  [[nodiscard]] SegmentStat stat() const;

 private:
  QueueMemory() = default;
  void write_constants() noexcept;
  [[nodiscard]] sync::StdAtomics::Queue queue() const noexcept {
    return {head_map_.data(), spec_.rules, plan_};
  }

  QueueSpec spec_;
  layout::QueuePlan plan_{};
  Memfd head_;
  Memfd data_;
  os::Mapping head_map_;
  // For a repair: a death is no time to allocate. About a hundredth of what the queue is charged.
  std::vector<std::uint64_t> scratch_;
};

}  // namespace tenure::shm
