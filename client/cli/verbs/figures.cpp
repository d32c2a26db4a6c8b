// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/figures.hpp"

#include <array>

namespace tenure::cli {
namespace {

using enum Figure::As;

constexpr std::array kOfTopics{Figure{"PUBLISHED", "published", &SegmentStat::published, rate, 11},
                               Figure{"GB", "bytes", &SegmentStat::published_bytes, gigabytes, 5},
                               Figure{"VIEWS", "views", &SegmentStat::views, rate, 8},
                               Figure{"SNAPSHOTS", "snapshots", &SegmentStat::snapshots, rate, 12},
                               Figure{"MISSED", "missed", &SegmentStat::missed, sum, 7},
                               Figure{"RETRIES", "retries", &SegmentStat::retries, sum, 8},
                               Figure{"TORN", "torn", &SegmentStat::torn, sum, 5},
                               Figure{nullptr, "wakes", &SegmentStat::wakes, sum, 0}};

constexpr std::array kOfQueues{
    Figure{"IN", "queued", &SegmentStat::queued, rate, 8},
    Figure{"OUT", "taken", &SegmentStat::taken, rate, 8},
    Figure{"ACKED", "acked", &SegmentStat::acked, rate, 8},
    Figure{"REDELIVERED", "redelivered", &SegmentStat::redelivered, sum, 11},
    Figure{"PARKED", "parked", &SegmentStat::parked, sum, 6},
    Figure{"DROPPED", "dropped", &SegmentStat::dropped, sum, 7},
    Figure{"DISCARDED", "discarded", &SegmentStat::discarded, sum, 9},
    Figure{nullptr, "cancelled", &SegmentStat::cancelled, sum, 0},
    Figure{nullptr, "wakes", &SegmentStat::wakes, sum, 0}};

constexpr std::array kOfBuffers{Figure{"BORROWED", "borrowed", &SegmentStat::borrowed, rate, 10},
                                Figure{"FROZEN", "frozen", &SegmentStat::frozen, rate, 8},
                                Figure{"CLAIMED", "claimed", &SegmentStat::claimed, rate, 9},
                                Figure{"REFUSED", "refused", &SegmentStat::refused, rate, 9},
                                Figure{"POISONED", "poisoned", &SegmentStat::poisoned, sum, 8},
                                Figure{"MOVED", "moved", &SegmentStat::moved, sum, 5}};

}  // namespace

std::span<const Figure> figures_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::queue:
      return kOfQueues;
    case Kind::buffer:
      return kOfBuffers;
    default:
      return kOfTopics;
  }
}

}  // namespace tenure::cli
