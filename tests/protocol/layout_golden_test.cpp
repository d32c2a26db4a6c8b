// SPDX-License-Identifier: Apache-2.0
// The mapped structs byte by byte: what another implementation has to write and read.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <tenure/dtype.hpp>

#include "proto/layout/queue_cell.hpp"
#include "proto/layout/queue_head.hpp"
#include "proto/layout/queue_waiting.hpp"
#include "proto/layout/queue_word.hpp"
#include "proto/layout/slot_record.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"

namespace tenure::layout {
namespace {

static_assert(std::endian::native == std::endian::little, "the golden bytes are little-endian");

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kEntries = 2;  // Subscribers in the bell.

// Sixteen bytes a line, without the zero bytes at the end.
std::string hex(const std::byte* bytes, std::size_t size) {
  while (size > 0 && bytes[size - 1] == std::byte{0}) {
    --size;
  }
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += i == 0 ? "" : i % 16 == 0 ? "\n" : i % 8 == 0 ? "  " : " ";
    text += kDigits[std::to_integer<unsigned>(bytes[i] >> 4)];
    text += kDigits[std::to_integer<unsigned>(bytes[i] & std::byte{15})];
  }
  return text;
}

template <class T>
std::string hex_of(const T& object) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), static_cast<const void*>(&object), sizeof object);
  return hex(bytes.data(), bytes.size());
}

// A zeroed object, as in a fresh memfd.
template <class T>
class Zeroed {
 public:
  Zeroed() : object_(new(memory_.data()) T{}) {}
  T* operator->() { return object_; }
  T& operator*() { return *object_; }

 private:
  alignas(kLineBytes) std::array<std::byte, sizeof(T)> memory_{};
  T* object_;
};

// Test threads have memory of their own here: every store may be relaxed.
template <class T>
void set(std::atomic<T>& atomic, T value) {
  atomic.store(value, std::memory_order_relaxed);
}

TEST(LayoutGolden, HeadConstants) {
  Zeroed<HeadConstants> head;
  set(head->magic, kMagic);
  head->layout_version = kLayoutVersion;
  head->kind = 2;
  head->compat = 0x03;
  head->ro_compat = 0x04;
  head->incompat = 0x05;
  head->page_bytes = 4096;
  head->segment_id = 0x0102030405060708;
  head->incarnation = 0x1112131415161718;
  head->slot_count = 64;
  head->subscriber_entries = 1023;
  head->slot_stride_bytes = 0x2122232425262728;
  head->created_ns = -2;
  head->retention = 1;
  head->lag_limit_ms = 10'000;
  head->tensor_count = 4096;
  head->attribute_bytes = 256;
  EXPECT_EQ(hex_of(*head),
            "00 74 65 6e 75 72 65 31  01 00 00 00 02 00 00 00\n"
            "03 00 00 00 04 00 00 00  05 00 00 00 00 10 00 00\n"
            "08 07 06 05 04 03 02 01  18 17 16 15 14 13 12 11\n"
            "40 00 00 00 ff 03 00 00  28 27 26 25 24 23 22 21\n"
            "fe ff ff ff ff ff ff ff  01 00 00 00 10 27 00 00\n"
            "00 10 00 00 00 01");
}

TEST(LayoutGolden, MutableLinesOfTheHead) {
  Zeroed<TopicHead> head;
  set(head->newest.latest, std::uint64_t{0x0102030405060708});
  set(head->newest.superseded, std::uint32_t{1});
  set(head->newest.published_ns, std::uint64_t{0x1112131415161718});
  set(head->bell.wake, std::uint32_t{0x21222324});
  set(head->bell.wakes, std::uint64_t{0x31});
  set(head->bell.published_bytes, std::uint64_t{0x41});
  set(head->registered[0], std::uint64_t{0x51});
  set(head->limited[15], std::uint64_t{0x61});
  set(head->slots[0].word, std::uint64_t{0x71});
  set(head->slots[1].word, std::uint64_t{0x81});
  std::array<std::byte, sizeof(TopicHead)> bytes;
  std::memcpy(bytes.data(), static_cast<const void*>(&*head), bytes.size());
  const auto line = [&](std::size_t at) { return hex(bytes.data() + at, 64); };
  EXPECT_EQ(line(128), "08 07 06 05 04 03 02 01  01 00 00 00 00 00 00 00\n18 17 16 15 14 13 12 11");
  EXPECT_EQ(line(192), "24 23 22 21 00 00 00 00  31 00 00 00 00 00 00 00\n41");
  EXPECT_EQ(line(256), "51");
  EXPECT_EQ(hex(bytes.data() + 384 + std::size_t{15} * 8, 8), "61");
  EXPECT_EQ(line(512), "71");
  EXPECT_EQ(line(576), "81");
}

TEST(LayoutGolden, BellAndItsEntries) {
  alignas(kLineBytes) std::array<std::byte, topic_bell_bytes(kEntries)> bytes{};
  auto* bell = new (bytes.data()) TopicBell{};
  new (bytes.data() + sizeof(TopicBell)) std::array<SubscriberEntry, kEntries>{};
  set(bell->readers.flags, std::uint32_t{1});
  set(bell->release.wake, std::uint32_t{0x11});
  set(bell->release.flags, std::uint32_t{0x12});
  SubscriberEntry& entry = bell->entry(1);
  set(entry.holds, std::uint64_t{1} << 63U);
  set(entry.seen, kDropped);
  set(entry.views, std::uint64_t{0x21});
  set(entry.snapshots, std::uint64_t{0x22});
  set(entry.missed, std::uint64_t{0x23});
  set(entry.retries, std::uint64_t{0x24});
  set(entry.torn, std::uint64_t{0x25});
  EXPECT_EQ(hex(bytes.data(), 64), "01");
  EXPECT_EQ(hex(bytes.data() + 64, 64), "11 00 00 00 12");
  EXPECT_EQ(hex(bytes.data() + 128, 64), "");
  EXPECT_EQ(hex(bytes.data() + 192, 64),
            "00 00 00 00 00 00 00 80  ff ff ff ff ff ff ff ff\n"
            "21 00 00 00 00 00 00 00  22 00 00 00 00 00 00 00\n"
            "23 00 00 00 00 00 00 00  24 00 00 00 00 00 00 00\n"
            "25");
}

TEST(LayoutGolden, QueueConstants) {
  Zeroed<QueueConstants> head;
  set(head->magic, kMagic);
  head->layout_version = kLayoutVersion;
  head->kind = 1;
  head->compat = 0x03;
  head->ro_compat = 0x04;
  head->incompat = 0x05;
  head->page_bytes = 4096;
  head->segment_id = 0x0102030405060708;
  head->incarnation = 0x1112131415161718;
  head->slot_count = 65'535;
  head->lane_count = 8;
  head->slot_stride_bytes = 0x2122232425262728;
  head->created_ns = -2;
  head->ring_cells = 65'536;
  head->max_deliveries = 127;
  head->tensor_count = 4096;
  head->attribute_bytes = 256;
  head->when_full = 1;
  head->consume = 2;
  EXPECT_EQ(hex_of(*head),
            "00 74 65 6e 75 72 65 31  01 00 00 00 01 00 00 00\n"
            "03 00 00 00 04 00 00 00  05 00 00 00 00 10 00 00\n"
            "08 07 06 05 04 03 02 01  18 17 16 15 14 13 12 11\n"
            "ff ff 00 00 08 00 00 00  28 27 26 25 24 23 22 21\n"
            "fe ff ff ff ff ff ff ff  00 00 01 00 7f 00 00 00\n"
            "00 10 00 00 00 01 00 00  01 00 00 00 02");
}

TEST(LayoutGolden, MutableLinesOfAQueue) {
  Zeroed<QueueHead> head;
  set(head->state.ended, std::uint32_t{1});
  set(head->state.superseded, std::uint32_t{2});
  set(head->counters.dropped, std::uint64_t{0x11});
  set(head->counters.discarded, std::uint64_t{0x12});
  set(head->counters.cancelled, std::uint64_t{0x13});
  QueueWait& last_lane = head->waits[lane_ring(7).wait_index()];
  set(last_lane.bell, std::uint32_t{0x21});
  set(last_lane.poll_bell, std::uint32_t{0x22});
  set(last_lane.waiting, Waiting{.epoch = 3, .sleepers = 2, .pollers = 1}.pack());
  set(last_lane.wakes, std::uint64_t{0x23});
  set(head->rings[again_ring(7).index()].head, std::uint64_t{0x31});
  set(head->rings[again_ring(7).index()].tail, std::uint64_t{0x32});
  set(head->rings[kParkedRing.index()].head, std::uint64_t{0x33});
  std::array<std::byte, sizeof(QueueHead)> bytes;
  std::memcpy(bytes.data(), static_cast<const void*>(&*head), bytes.size());
  const auto line = [&](std::size_t at) { return hex(bytes.data() + at, 64); };
  EXPECT_EQ(line(128), "01 00 00 00 02");
  EXPECT_EQ(line(192), "11 00 00 00 00 00 00 00  12 00 00 00 00 00 00 00\n13");
  EXPECT_EQ(line(256 + std::size_t{9} * 64),
            "21 00 00 00 22 00 00 00  01 00 02 00 03 00 00 00\n23");
  EXPECT_EQ(line(896 + std::size_t{128}), "33");
  EXPECT_EQ(line(896 + std::size_t{17} * 128), "31");
  EXPECT_EQ(line(896 + std::size_t{17} * 128 + 64), "32");
}

TEST(LayoutGolden, QueueSlotAndCells) {
  Zeroed<QueueSlot> slot;
  set(slot->word,
      QueueWord{.phase = QueuePhase::taken,
                .lane = 7,
                .deliveries = 127,
                .owner = 0x8001,
                .sequence = 0x7'0605'0403}
          .pack());
  set(slot->pushed_ns, std::uint64_t{0x1112131415161718});
  EXPECT_EQ(hex_of(*slot), "03 04 05 06 0f 00 fc bf  18 17 16 15 14 13 12 11");
  EXPECT_EQ(hex_of(empty_cell(0xf102'0304'0506'0708)), "08 07 06 05 04 03 02 71");
  EXPECT_EQ(hex_of(FullCell{.turn = 0x801, .slot = 0x8001, .sequence = 0x7'0605'0403}.pack()),
            "03 04 05 06 0f 00 0c c0");
}

TEST(LayoutGolden, SlotRecord) {
  const SlotRecord record{.version = 0x0102030405060708,
                          .published_ns = 0x1112131415161718,
                          .tag = 622,
                          .attribute_bytes = 0x21222324,
                          .tensor_count = 0x31323334,
                          .reserved = {}};
  EXPECT_EQ(hex_of(record),
            "08 07 06 05 04 03 02 01  18 17 16 15 14 13 12 11\n"
            "6e 02 00 00 00 00 00 00  24 23 22 21 34 33 32 31");
}

TEST(LayoutGolden, TensorDescriptor) {
  const TensorDescriptor descriptor{.offset_bytes = 4096,
                                    .dtype = static_cast<std::uint32_t>(DType::float32),
                                    .rank = 2,
                                    .flags = kPresent | kExtended,
                                    .extension = 0x0102,
                                    .sizes = {64, 10, 0, 0, 0, -1}};
  EXPECT_EQ(hex_of(descriptor),
            "00 10 00 00 00 00 00 00  02 20 01 00 02 03 02 01\n"
            "40 00 00 00 00 00 00 00  0a 00 00 00 00 00 00 00\n"
            "00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00\n"
            "00 00 00 00 00 00 00 00  ff ff ff ff ff ff ff ff");
}

TEST(LayoutGolden, TensorExtension) {
  TensorExtension extension{};
  extension.sizes[0] = 3;
  extension.sizes[7] = 4;
  extension.strides_bytes[0] = -8;
  extension.strides_bytes[7] = 1;
  std::string expected = "03";
  const std::string zeros = " 00 00 00 00 00 00 00";
  const std::string zero_line = "00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00\n";
  expected += zeros + "  00" + zeros + "\n" + zero_line + zero_line;
  expected += "00" + zeros + "  04" + zeros + "\n";
  expected += "f8 ff ff ff ff ff ff ff  00" + zeros + "\n" + zero_line + zero_line;
  expected += "00" + zeros + "  01";
  EXPECT_EQ(hex_of(extension), expected);
}

}  // namespace
}  // namespace tenure::layout
