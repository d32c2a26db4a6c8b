// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/rights.hpp"
#include "daemon/core/topic_shape.hpp"
#include "daemon/core/types.hpp"
#include "proto/layout/constants.hpp"

namespace tenure::core {

/// A segment as the broker knows it: everything but its memory.
struct Segment {
  enum class State : std::uint8_t { creating, ready, removed };

  MemoryId memory = {};  ///< The current one.
  std::string name = {};
  State state = State::creating;
  std::uint32_t uid = 0;      ///< The owner.
  TopicOptions options = {};  ///< As created, the group filled in.
  TopicShape shape = {};
  std::set<std::uint32_t> creators = {};              ///< Sessions.
  std::vector<Asker> creating = {};                   ///< To be answered once it is ready.
  std::set<std::uint64_t> users = {};                 ///< Handles.
  std::optional<std::uint64_t> publisher = {};        ///< Handle.
  std::bitset<layout::kMaxSubscribers> entries = {};  ///< Lines of `bell` in use.
  bool is_fencing = false;                            ///< Fresh memory is being made.

  [[nodiscard]] Ownership ownership() const noexcept {
    return {.uid = uid, .gid = options.terms.gid.value_or(0), .mode = options.terms.mode};
  }
};

}  // namespace tenure::core
