// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/strided_copy.hpp"

#include <array>
#include <cstring>

#include <tenure/tensor.hpp>

namespace tenure::layout {
namespace {

struct Dimension {
  std::int64_t extent;
  std::int64_t to_step;
  std::int64_t from_step;
};

// The dimensions that matter, outermost first.
struct Loops {
  std::array<Dimension, kMaxRank> dimensions;
  std::size_t count = 0;

  void push(const Dimension& next) noexcept {
    if (count != 0) {
      Dimension& outer = dimensions[count - 1];
      if (outer.to_step == next.to_step * next.extent &&
          outer.from_step == next.from_step * next.extent) {
        outer = {outer.extent * next.extent, next.to_step, next.from_step};
        return;
      }
    }
    dimensions[count++] = next;
  }
};

// A fixed size makes each memcpy one load and one store.
template <std::size_t kItemBytes>
void copy_items(std::byte* to, const std::byte* from, const Dimension& row) noexcept {
  for (std::int64_t i = 0; i < row.extent; ++i) {
    std::memcpy(to + i * row.to_step, from + i * row.from_step, kItemBytes);
  }
}

void copy_row(std::byte* to,
              const std::byte* from,
              const Dimension& row,
              std::size_t item_bytes) noexcept {
  const auto item = static_cast<std::int64_t>(item_bytes);
  if (row.to_step == item && row.from_step == item) {
    std::memcpy(to, from, static_cast<std::size_t>(row.extent) * item_bytes);
    return;
  }
  switch (item_bytes) {
    case 1:
      return copy_items<1>(to, from, row);
    case 2:
      return copy_items<2>(to, from, row);
    case 4:
      return copy_items<4>(to, from, row);
    case 8:
      return copy_items<8>(to, from, row);
    case 16:
      return copy_items<16>(to, from, row);
    default:
      for (std::int64_t i = 0; i < row.extent; ++i) {
        std::memcpy(to + i * row.to_step, from + i * row.from_step, item_bytes);
      }
  }
}

}  // namespace

void copy_strided(const StridedSide<std::byte>& to,
                  const StridedSide<const std::byte>& from,
                  std::span<const std::int64_t> extents,
                  std::size_t item_bytes) noexcept {
  Loops loops;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 0) {
      return;
    }
    if (extents[i] != 1) {
      loops.push({extents[i], to.strides_bytes[i], from.strides_bytes[i]});
    }
  }
  const auto item = static_cast<std::int64_t>(item_bytes);
  const std::size_t outer_count = loops.count == 0 ? 0 : loops.count - 1;
  const Dimension row = loops.count == 0 ? Dimension{1, item, item} : loops.dimensions[outer_count];
  std::array<std::int64_t, kMaxRank> index{};
  std::byte* to_row = to.data;
  const std::byte* from_row = from.data;
  while (true) {
    copy_row(to_row, from_row, row, item_bytes);
    // The outer dimensions count up like an odometer, the innermost wheel first.
    std::size_t wheel = outer_count;
    while (wheel-- > 0) {
      const Dimension& outer = loops.dimensions[wheel];
      to_row += outer.to_step;
      from_row += outer.from_step;
      if (++index[wheel] < outer.extent) {
        break;
      }
      to_row -= outer.to_step * outer.extent;
      from_row -= outer.from_step * outer.extent;
      index[wheel] = 0;
    }
    if (wheel == static_cast<std::size_t>(-1)) {
      return;
    }
  }
}

}  // namespace tenure::layout
