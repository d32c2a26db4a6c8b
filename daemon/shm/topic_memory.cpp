// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/topic_memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "daemon/shm/huge_pages.hpp"
#include "daemon/shm/memory_limit.hpp"
#include "daemon/shm/stamps.hpp"
#include "proto/os/kernel.hpp"
#include "proto/sync/topic_repair.hpp"
#include "proto/sync/topic_status.hpp"

namespace tenure::shm {
namespace {

constexpr int kCopyAttempts = 4;

std::uint64_t highest_version(const layout::TopicHead& head, std::size_t slots) noexcept {
  // Every load: relaxed, a figure that is only exceeded. alone: topic.status
  std::uint64_t highest =
      layout::Latest::unpack(head.newest.latest.load(std::memory_order_relaxed)).version;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::uint64_t word = head.slots[slot].word.load(std::memory_order_relaxed);
    highest = std::max(highest, layout::SlotWord::unpack(word).version);
  }
  return highest;
}

// Leaves behind what is not the same any more. A topic of one slot says so.
void drop_changed(sync::Inheritance& taken, const sync::Inheritance& now) noexcept {
  for (std::size_t slot = 0; slot < taken.words.size(); ++slot) {
    if (taken.words[slot] != now.words[slot]) {
      const bool is_only = taken.words.size() == 1;
      taken.words[slot] = {.version = 0,
                           .phase = is_only ? layout::Phase::poisoned : layout::Phase::free};
    }
  }
}

}  // namespace

Result<std::shared_ptr<TopicMemory>> TopicMemory::make(const TopicSpec& spec) {
  return make_from(spec, nullptr);
}

Result<std::shared_ptr<TopicMemory>> TopicMemory::make_successor(const TopicMemory& old) {
  TopicSpec spec = old.spec_;
  ++spec.incarnation;
  return make_from(spec, &old);
}

Result<std::shared_ptr<TopicMemory>> TopicMemory::make_from(const TopicSpec& spec,
                                                            const TopicMemory* old) {
  if (auto there = check_available(spec.head_bytes + spec.bell_bytes + spec.data_bytes); !there) {
    return there.error();
  }
  const std::string label = "tenure:" + spec.name.substr(0, 200);
  auto head = Memfd::make(label + ":head", spec.head_bytes);
  if (!head) {
    return head.error();
  }
  auto bell = Memfd::make(label + ":bell", spec.bell_bytes);
  if (!bell) {
    return bell.error();
  }
  auto data = Memfd::make(label + ":data", spec.data_bytes);
  if (!data) {
    return data.error();
  }
  if (spec.pages == Pages::huge) {
    collapse(data->mapping);
  }
  std::shared_ptr<TopicMemory> made(new TopicMemory);
  made->spec_ = spec;
  made->head_ = std::move(head->memfd);
  made->bell_ = std::move(bell->memfd);
  made->data_ = std::move(data->memfd);
  made->head_map_ = std::move(head->mapping);
  made->bell_map_ = std::move(bell->mapping);
  if (old != nullptr) {
    auto old_data = old->data_.map_read_only();
    if (!old_data) {
      return old_data.error();
    }
    old->supersede();  // From here on nothing can fail.
    made->take_over(*old, *old_data, data->mapping);
  }
  made->write_constants();
  return made;
}

void TopicMemory::write_constants() noexcept {
  layout::HeadConstants& constants = head().constants;
  constants.layout_version = layout::kLayoutVersion;
  constants.kind = static_cast<std::uint32_t>(Kind::topic);
  constants.page_bytes = os::page_bytes();
  constants.segment_id = spec_.segment_id;
  constants.incarnation = spec_.incarnation;
  constants.slot_count = spec_.slots;
  constants.subscriber_entries = spec_.subscribers;
  constants.slot_stride_bytes = spec_.slot_stride_bytes;
  constants.created_ns = realtime_ns();
  constants.retention = spec_.retention == Retention::lossless ? 1 : 0;
  constants.lag_limit_ms = spec_.lag_limit_ms;
  constants.tensor_count = spec_.tensor_count;
  constants.attribute_bytes = spec_.attribute_bytes;
  // release: whoever sees the magic number sees the rest. pairs: head.magic
  constants.magic.store(layout::kMagic, std::memory_order_release);
}

// The old publisher may be alive. An honest one stops at `superseded`, perhaps after one bundle
// more; so the second attempt finds everything at rest. From one that goes on, only bundles are
// taken whose word stayed as it was, and no version that was seen is ever given again.
void TopicMemory::take_over(const TopicMemory& old,
                            const os::Mapping& old_data,
                            const os::Mapping& data) {
  const bool is_lossless = spec_.retention == Retention::lossless;
  std::uint64_t highest = 0;
  sync::Inheritance taken;
  for (int attempt = 0; attempt < kCopyAttempts; ++attempt) {
    taken = sync::read_inheritance(old.head(), spec_.slots, is_lossless);
    for (std::size_t slot = 0; slot < spec_.slots; ++slot) {
      if ((taken.slots >> slot & 1U) != 0) {
        const std::uint64_t offset = slot * spec_.slot_stride_bytes;
        std::memcpy(data.data() + offset, old_data.data() + offset, spec_.slot_stride_bytes);
      }
    }
    // acquire: the copied bytes are loaded before the second look. pairs: topic.snapshot
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto now = sync::read_inheritance(old.head(), spec_.slots, is_lossless);
    highest = std::max({highest, taken.newest.version, highest_version(old.head(), spec_.slots)});
    if (now.words == taken.words && now.newest.version == highest) {
      break;
    }
    drop_changed(taken, now);
  }
  taken.newest.version = highest;
  sync::inherit(head(), old.head(), taken);
}

layout::TopicHead& TopicMemory::head() const noexcept {
  return *reinterpret_cast<layout::TopicHead*>(head_map_.data());
}

layout::TopicBell& TopicMemory::bell() const noexcept {
  return *reinterpret_cast<layout::TopicBell*>(bell_map_.data());
}

Result<std::vector<Part>> TopicMemory::grant(wire::OpenAs as) {
  using wire::Memory;
  using wire::Right;
  const Right main = as == wire::OpenAs::publish ? Right::write : Right::read;
  std::vector<Wish> wishes{{Memory::head, main, head_}, {Memory::data, main, data_}};
  if (as != wire::OpenAs::observe) {
    wishes.push_back({Memory::bell, Right::write, bell_});
  }
  return hand_out(wishes);
}

Writers TopicMemory::writers() const noexcept {
  const Writers of_head = head_.writers();
  return of_head == Writers::none ? data_.writers() : of_head;
}

Writers TopicMemory::retire() noexcept {
  head_map_ = os::Mapping();
  bell_map_ = os::Mapping();
  head_.punch_out();
  bell_.punch_out();
  data_.punch_out();
  return writers();
}

void TopicMemory::register_subscriber(std::uint32_t entry, bool is_limited) noexcept {
  sync::register_entry(head(), bell(), entry, is_limited);
  sync::ring(head(), bell());  // A publisher may wait for subscribers.
}

void TopicMemory::set_limited(std::uint32_t entry, bool is_limited) noexcept {
  sync::set_bit(head().limited, entry, is_limited);
}

void TopicMemory::end_subscriber(std::uint32_t entry) noexcept {
  add_entry(ended_, bell(), entry);
  sync::unregister_entry(head(), bell(), entry);
  sync::ring(head(), bell());
}

void TopicMemory::end_publisher() noexcept {
  sync::repair_publisher(head(), spec_.slots);
  sync::ring(head(), bell());
}

void TopicMemory::supersede() const noexcept {
  sync::supersede(head(), bell());
}

void TopicMemory::describe(SegmentInfo& info, std::chrono::nanoseconds coarse_now) const noexcept {
  const auto status = sync::read_status(head(), bell(), spec_.slots, spec_.subscribers);
  info.version = status.version;
  info.slots_held = static_cast<std::size_t>(std::popcount(status.held));
  if (status.version != 0 && status.published_ns != 0) {
    info.age = age_of(status.published_ns, coarse_now);
  }
}

void TopicMemory::describe(Reader& reader, std::uint32_t entry) const {
  const auto status = sync::read_entry(bell(), entry);
  reader.held = sync::held_versions(head(), status.holds, spec_.slots);
  reader.seen = status.seen == layout::kDropped ? 0 : status.seen;
  reader.missed = status.missed;
}

bool TopicMemory::is_in_the_way(std::uint32_t entry) const noexcept {
  const auto status = sync::read_entry(bell(), entry);
  const auto topic = sync::read_status(head(), bell(), spec_.slots, spec_.subscribers);
  return status.holds != 0 ||
         (spec_.retention == Retention::lossless && status.seen < topic.version);
}

void TopicMemory::add_entry(SegmentStat& stat,
                            layout::TopicBell& bell,
                            std::uint32_t entry) noexcept {
  const auto status = sync::read_entry(bell, entry);
  stat.views += status.views;
  stat.snapshots += status.snapshots;
  stat.missed += status.missed;
  stat.retries += status.retries;
  stat.torn += status.torn;
}

void TopicMemory::go_on_counting(const TopicMemory& old) noexcept {
  ended_ = old.stat();
}

SegmentStat TopicMemory::stat() const noexcept {
  SegmentStat stat = ended_;
  const auto status = sync::read_status(head(), bell(), spec_.slots, spec_.subscribers);
  stat.published = status.version;
  stat.published_bytes = status.published_bytes;
  stat.wakes = status.wakes;
  sync::for_each_entry(head().registered, spec_.subscribers, [&](std::size_t entry) {
    add_entry(stat, bell(), static_cast<std::uint32_t>(entry));
  });
  return stat;
}

}  // namespace tenure::shm
