// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/sync/queue_consumer.hpp"
#include "proto/sync/queue_producer.hpp"
#include "tests/process/raw_client.hpp"

namespace tenure::support {

/// A producer or consumer of a queue whose memory is mapped, and whose fds are kept.
struct RawQueue {
  wire::OpenedQueue opened;
  std::vector<os::UniqueFd> fds;
  os::Mapping head_map;
  os::Mapping data_map;
  std::unique_ptr<sync::StdAtomics::Queue> memory;  // What makes moves refers to it.

  [[nodiscard]] sync::QueueProducer<> producer() const {
    return {*memory, static_cast<std::uint16_t>(opened.owner)};
  }
  [[nodiscard]] sync::QueueConsumer<> consumer() const {
    return {*memory, static_cast<std::uint16_t>(opened.owner)};
  }
  [[nodiscard]] layout::QueueWord word(std::size_t slot) const;
  /// Slots of a phase.
  [[nodiscard]] std::size_t count(layout::QueuePhase phase) const;
  /// Claims and pushes at once.
  void push(std::size_t lane = 0) const;
};

[[nodiscard]] RawQueue open_queue(RawClient& client,
                                  const std::string& name,
                                  wire::OpenAs as,
                                  std::optional<std::uint32_t> lane = 0);

/// Of 4 slots, 2 lanes and one small tensor.
[[nodiscard]] wire::CreateQueue small_queue(const std::string& name,
                                            Consume consume = Consume::read);

}  // namespace tenure::support
