// SPDX-License-Identifier: Apache-2.0
/// Shared memory as the kernel shows it in /proc: who has it open, who has it mapped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace digits {

/// Inode numbers of memfds.
using Inodes = std::set<std::uint64_t>;

/// Those that a process of this user has mapped.
[[nodiscard]] Inodes memfds_mapped_by(pid_t pid);

/// Where any of them is still open or mapped, in every process that this user may look into:
/// "/proc/812/fd/7", "/proc/812/maps".
[[nodiscard]] std::vector<std::string> places_of(const Inodes& memfds);

}  // namespace digits
