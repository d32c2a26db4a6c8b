// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <tenure/result.hpp>

namespace tenure::cli::bench {

/// A way for items of one length to get from one process to another: Tenure's, or one of those that
/// it is compared with. It is made before the fork and used on both sides; what may be asked of it
/// is what its Errors say. Threads: one.
class Carrier {
 public:
  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  /// Where the next item is to be filled: in place, where this way has that. Blocks while it is
  /// full. Errors: of the system or of the client
  [[nodiscard]] virtual Result<std::span<std::byte>> draft() = 0;
  /// Sends it.
  [[nodiscard]] virtual Result<void> push() = 0;
  /// The next item, which stays as it is until ack(). Blocks until there is one.
  [[nodiscard]] virtual Result<std::span<const std::byte>> pop() = 0;
  [[nodiscard]] virtual Result<void> ack() = 0;
};

}  // namespace tenure::cli::bench
