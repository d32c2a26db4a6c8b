// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include <tenure/pin.hpp>

#include "client/lib/host_range.hpp"

namespace tenure::detail {

/// How often one mapping is pinned. Neither mlock nor cudaHostRegister nests, so the first pin does
/// it and the last one undoes it. Threads: any; not in a forked child.
class PinCounts {
 public:
  /// Errors: those of pin() that are not the role's
  [[nodiscard]] Result<void> add(const HostRange& range, PinTo to);
  void remove(const HostRange& range, PinTo to) noexcept;

 private:
  std::mutex mutex_;  // Held over the system's work: a second pin has to wait for it anyway.
  std::array<std::uint32_t, 2> counts_{};  // guarded by mutex_. By PinTo.
};

}  // namespace tenure::detail
