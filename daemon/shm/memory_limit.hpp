// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <tenure/result.hpp>

namespace tenure::shm {

/// An amount of memory, and what says so.
struct MemoryLimit {
  std::uint64_t bytes;
  std::string source;  ///< "RAM", or the cgroup's file.
};

/// The smaller of the machine's memory and memory.max of this process's cgroup and its parents.
[[nodiscard]] MemoryLimit memory_limit();

/// What can be reserved right now without driving the machine or the cgroup out of memory: the
/// kernel would not refuse more, it would kill.
[[nodiscard]] MemoryLimit available_memory();

/// Errors: no_memory  less than `wanted_bytes`
[[nodiscard]] Result<void> check_available(std::uint64_t wanted_bytes);

}  // namespace tenure::shm
