// SPDX-License-Identifier: Apache-2.0
/// The kernel's ways: an item is filled in memory of one's own, copied into the kernel, and out.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "client/cli/bench/carrier.hpp"
#include "client/cli/bench/channels.hpp"

namespace tenure::cli::bench {

/// A Unix stream socket.
class SocketCarrier final : public Carrier {
 public:
  /// `channels` outlive this.
  SocketCarrier(Channels& channels, std::size_t size_bytes)
      : channels_(channels), item_(size_bytes) {}
  [[nodiscard]] Result<std::span<std::byte>> draft() override { return std::span(item_); }
  [[nodiscard]] Result<void> push() override { return channels_.write_socket(item_); }
  [[nodiscard]] Result<std::span<const std::byte>> pop() override {
    auto read = channels_.read_socket(item_);
    return read ? Result<std::span<const std::byte>>(item_) : std::move(read).error();
  }
  [[nodiscard]] Result<void> ack() override { return {}; }

 private:
  Channels& channels_;
  std::vector<std::byte> item_;
};

/// A POSIX message queue, in as many messages as its limit makes of an item.
class MqueueCarrier final : public Carrier {
 public:
  /// `channels` have a queue, and outlive this.
  MqueueCarrier(Channels& channels, std::size_t size_bytes)
      : channels_(channels), item_(size_bytes) {}
  [[nodiscard]] Result<std::span<std::byte>> draft() override { return std::span(item_); }
  [[nodiscard]] Result<void> push() override { return channels_.write_queue(item_); }
  [[nodiscard]] Result<std::span<const std::byte>> pop() override {
    auto read = channels_.read_queue(item_);
    return read ? Result<std::span<const std::byte>>(item_) : std::move(read).error();
  }
  [[nodiscard]] Result<void> ack() override { return {}; }

 private:
  Channels& channels_;
  std::vector<std::byte> item_;
};

}  // namespace tenure::cli::bench
