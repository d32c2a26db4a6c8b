// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/shm/writer_check.hpp"

namespace tenure::shm {

/// Memory that somebody may still have, and that is given back once nobody can write it.
class SegmentMemory {
 public:
  virtual ~SegmentMemory() = default;
  /// Whether somebody may still write it, by the kernel's word.
  [[nodiscard]] virtual Writers writers() const noexcept = 0;
  /// Nobody is to have it open any more: gives the pages back, and says who could fill them again.
  /// Takes long: on the slow thread.
  [[nodiscard]] virtual Writers retire() noexcept = 0;
};

}  // namespace tenure::shm
