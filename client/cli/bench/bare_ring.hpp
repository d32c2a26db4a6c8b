// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "client/cli/bench/carrier.hpp"

namespace tenure::cli::bench {

/// The least that one producer and one consumer can do: slots in shared memory, a head and a tail,
/// both sides spin. It survives nobody's death and knows no second consumer: a limit, no queue.
class BareRing final : public Carrier {
 public:
  /// Errors: no_memory
  [[nodiscard]] static Result<std::unique_ptr<BareRing>> make(std::size_t slots,
                                                              std::size_t size_bytes);
  ~BareRing() override;

  [[nodiscard]] Result<std::span<std::byte>> draft() override;
  [[nodiscard]] Result<void> push() override;
  [[nodiscard]] Result<std::span<const std::byte>> pop() override;
  [[nodiscard]] Result<void> ack() override;

 private:
  static constexpr std::size_t kLineBytes = 64;
  struct Ends {
    alignas(kLineBytes) std::atomic<std::uint64_t> head{0};
    alignas(kLineBytes) std::atomic<std::uint64_t> tail{0};
  };

  BareRing(void* memory, std::size_t slots, std::size_t size_bytes) noexcept;
  [[nodiscard]] std::byte* slot(std::uint64_t position) const noexcept;

  Ends* ends_;
  std::size_t slots_;
  std::size_t size_bytes_;
  std::uint64_t mine_ = 0;   // The producer's tail; in the other process the consumer's head.
  std::uint64_t other_ = 0;  // As it was when it was last looked at.
};

}  // namespace tenure::cli::bench
