// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/accounts.hpp"
#include "daemon/core/buffer.hpp"
#include "daemon/core/queue.hpp"
#include "daemon/core/rights.hpp"
#include "daemon/core/topic_shape.hpp"
#include "daemon/core/types.hpp"
#include "proto/layout/constants.hpp"

namespace tenure::core {

inline constexpr std::uint64_t kTopicMemfds = 3;
inline constexpr std::uint64_t kQueueMemfds = 2;

/// A segment as the broker knows it: everything but its memory.
struct Segment {
  enum class State : std::uint8_t { creating, ready, removed };

  MemoryId memory = {};  ///< The current one.
  std::string name = {};
  State state = State::creating;
  std::uint32_t uid = 0;                  ///< The owner.
  Terms terms = {};                       ///< As created, the group filled in.
  std::set<std::uint32_t> creators = {};  ///< Sessions.
  std::vector<Asker> creating = {};       ///< To be answered once it is ready.
  std::set<std::uint64_t> users = {};     ///< Handles.

  // ---- kind topic

  TopicOptions options = {};  ///< As created, the group filled in.
  TopicShape shape = {};
  std::optional<std::uint64_t> publisher = {};        ///< Handle.
  std::bitset<layout::kMaxSubscribers> entries = {};  ///< Lines of `bell` in use.
  bool is_fencing = false;                            ///< Fresh memory is being made.

  // ---- kind queue

  std::unique_ptr<Queue> queue = {};

  // ---- kind buffer

  std::unique_ptr<Buffer> buffer = {};
  std::uint64_t root = 0;         ///< The creator's token, if there ever was one.
  std::uint64_t grains_left = 0;  ///< That moved to fresh memory, and left theirs behind.

  [[nodiscard]] Kind kind() const noexcept {
    return buffer ? Kind::buffer : queue ? Kind::queue : Kind::topic;
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept {
    return buffer  ? buffer->shape().size_bytes
           : queue ? queue->shape().total_bytes()
                   : shape.total_bytes();
  }
  /// From one slot to the next; 0: it has none.
  [[nodiscard]] std::uint64_t slot_stride_bytes() const noexcept {
    return queue ? queue->shape().slot_stride_bytes : shape.slot_stride_bytes;
  }
  /// Of the schema's text where it travels as a memfd, else 0.
  [[nodiscard]] std::uint64_t schema_bytes() const noexcept {
    return buffer  ? buffer->shape().schema_bytes
           : queue ? queue->shape().schema_bytes
                   : shape.schema_bytes;
  }
  /// What its memory is charged as.
  [[nodiscard]] Accounts::Amount amount() const noexcept {
    return {.bytes = size_bytes() + schema_bytes(),
            .has_schema_fd = schema_bytes() != 0,
            .memfds = buffer  ? buffer->shape().grain_count()
                      : queue ? kQueueMemfds
                              : kTopicMemfds};
  }
  /// Whether somebody has it open or has a token of it.
  [[nodiscard]] bool is_used() const noexcept {
    return !users.empty() || (buffer && buffer->tokens().token_count() != 0);
  }

  [[nodiscard]] Ownership ownership() const noexcept {
    return {.uid = uid, .gid = terms.gid.value_or(0), .mode = terms.mode};
  }
};

}  // namespace tenure::core
