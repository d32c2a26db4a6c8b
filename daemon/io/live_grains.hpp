// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "daemon/core/tokens/grain_ledger.hpp"
#include "daemon/shm/buffer_memory.hpp"

namespace tenure::io {

/// What the kernel says of a buffer's grains, for its ledger.
class LiveGrains : public core::GrainMemory {
 public:
  explicit LiveGrains(std::shared_ptr<shm::BufferMemory> memory) : memory_(std::move(memory)) {}

  [[nodiscard]] core::GrainCheck check(std::uint64_t grain) override {
    switch (memory_->grain(grain)->writers()) {
      case shm::Writers::none:
        return core::GrainCheck::clean;
      case shm::Writers::some:
        return core::GrainCheck::written;
      case shm::Writers::unknown:
        break;
    }
    return core::GrainCheck::unknown;
  }

 private:
  std::shared_ptr<shm::BufferMemory> memory_;
};

}  // namespace tenure::io
