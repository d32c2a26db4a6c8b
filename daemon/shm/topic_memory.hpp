// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "daemon/shm/memfd.hpp"
#include "daemon/shm/part.hpp"
#include "daemon/shm/segment_memory.hpp"
#include "daemon/shm/writer_check.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::shm {

/// What a topic's memory is made of.
struct TopicSpec {
  std::string name;
  std::uint64_t segment_id = 0;
  std::uint64_t incarnation = 1;
  std::uint32_t slots = 4;
  std::uint32_t subscribers = 63;
  std::uint64_t slot_stride_bytes = 0;
  std::uint64_t head_bytes = 0;
  std::uint64_t bell_bytes = 0;
  std::uint64_t data_bytes = 0;
  Retention retention = Retention::overwrite;
  std::uint32_t lag_limit_ms = 0;
  std::uint32_t tensor_count = 0;
  std::uint32_t attribute_bytes = 0;
  Pages pages = Pages::huge;
  SharedFd schema = {};  ///< Its text, where it is too large for a packet; kept for who opens.
};

/// One life of a topic's memory: head, bell and data. What peers write into it is never trusted.
///
/// Threads: one at a time; make(), make_successor() and retire() take long and belong on the slow
/// thread.
class TopicMemory : public SegmentMemory {
 public:
  /// Errors: no_memory, too_many
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> make(const TopicSpec& spec);
  /// Fresh memory with what `old` has published: the newest bundle, lossless: every ready one; then
  /// `old` says that it is superseded. Errors: as above, and `old` stays what it was
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> make_successor(const TopicMemory& old);

  [[nodiscard]] const TopicSpec& spec() const noexcept { return spec_; }

  // ---- rights

  /// Fds for a role: the publisher writes all, a subscriber writes `bell` and reads the rest, an
  /// observer reads `head` and `data`. Errors: too_many, held
  [[nodiscard]] Result<std::vector<Part>> grant(wire::OpenAs as);
  /// Whether somebody may still write `head` or `data`, by the kernel's word.
  [[nodiscard]] Writers writers() const noexcept override;
  [[nodiscard]] Writers retire() noexcept override;

  // ---- repairs, once the one who held it is dead or has closed; each wakes everybody

  void register_subscriber(std::uint32_t entry, bool is_limited) noexcept;
  void set_limited(std::uint32_t entry, bool is_limited) noexcept;
  void end_subscriber(std::uint32_t entry) noexcept;
  void end_publisher() noexcept;
  void supersede() const noexcept;

  // ---- what peers say

  /// Fills version, age and slots_held. `coarse_now` is of CLOCK_MONOTONIC_COARSE.
  void describe(SegmentInfo& info, std::chrono::nanoseconds coarse_now) const noexcept;
  /// Held versions, seen, missed of a subscriber.
  void describe(Reader& reader, std::uint32_t entry) const;
  /// Whether this subscriber keeps a publisher waiting: it holds a slot, or (lossless) lags.
  [[nodiscard]] bool is_in_the_way(std::uint32_t entry) const noexcept;
  [[nodiscard]] SegmentStat stat() const noexcept;
  /// Adds what subscribers of the memory before this one have counted.
  void go_on_counting(const TopicMemory& old) noexcept;

 private:
  TopicMemory() = default;
  [[nodiscard]] static Result<std::shared_ptr<TopicMemory>> make_from(const TopicSpec& spec,
                                                                      const TopicMemory* old);
  void write_constants() noexcept;
  void take_over(const TopicMemory& old, const os::Mapping& old_data, const os::Mapping& data);
  [[nodiscard]] layout::TopicHead& head() const noexcept;
  [[nodiscard]] layout::TopicBell& bell() const noexcept;
  static void add_entry(SegmentStat& stat, layout::TopicBell& bell, std::uint32_t entry) noexcept;

  TopicSpec spec_;
  Memfd head_;
  Memfd bell_;
  Memfd data_;
  os::Mapping head_map_;
  os::Mapping bell_map_;
  SegmentStat ended_{};  // Of subscribers that are gone.
};

}  // namespace tenure::shm
