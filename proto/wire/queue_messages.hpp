// SPDX-License-Identifier: Apache-2.0
/// The control messages of queues. Pushing and popping take none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenure/queue.hpp>

#include "proto/wire/grant.hpp"

namespace tenure::wire {

/// Like CreateTopic. A large schema travels as fd 0.
struct CreateQueue {
  std::string name;
  QueueOptions options = {};
  bool schema_in_fd = false;
};

/// Answers an Open as `produce` or `consume`.
struct OpenedQueue {
  std::uint64_t handle = 0;
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t slots = 0;
  std::uint32_t lanes = 0;
  std::uint32_t max_deliveries = 0;
  std::uint64_t slot_stride_bytes = 0;
  std::uint32_t attribute_bytes = 0;
  WhenFull when_full = WhenFull::wait;
  Consume consume = Consume::read;
  Stamp stamp = Stamp::none;
  std::uint32_t owner = 0;  ///< 1 to 65,535: stands in the words of the slots that this role has.
  std::vector<TensorSpec> schema;
  std::optional<std::uint32_t> schema_fd = {};  ///< The schema's JSON text is in this fd instead.
  std::vector<Grant> grants;
};

}  // namespace tenure::wire
