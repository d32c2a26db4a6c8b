// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenure::soak {

/// What a broker has of the system.
struct BrokerUse {
  std::size_t fds = 0;
  std::size_t memfds = 0;  ///< Of these.
  std::size_t maps = 0;    ///< Of memfds.

  friend bool operator==(const BrokerUse&, const BrokerUse&) = default;
};

[[nodiscard]] BrokerUse use_of(pid_t broker);

/// From now on processes whose parent dies are children of this one.
void adopt_orphans();
/// The children of this process but `broker`; those that have ended are reaped on the way.
[[nodiscard]] std::vector<pid_t> other_children(pid_t broker);

/// Memory that can be had without anybody suffering, by the machine and by the cgroup.
[[nodiscard]] std::uint64_t available_bytes();

}  // namespace tenure::soak
