// SPDX-License-Identifier: Apache-2.0
/// Rights like a file's: r read, x hold, w write; for the owner, the group, the others.
#pragma once

#include <cstdint>

#include "daemon/core/types.hpp"

namespace tenure::core {

/// Bits as in a mode.
inline constexpr std::uint32_t kRead = 4;
inline constexpr std::uint32_t kWrite = 2;
inline constexpr std::uint32_t kHold = 1;

/// Whose a segment is.
struct Ownership {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;
};

[[nodiscard]] bool is_member(const Identity& who, std::uint32_t gid) noexcept;
/// The bits that `who` has: the owner's if it is the owner, else the group's if it is a member,
/// else the others'. No uid is special.
[[nodiscard]] std::uint32_t rights_of(const Identity& who, const Ownership& what) noexcept;
/// Whether `who` may know of it: the owner, and whoever has any right.
[[nodiscard]] bool can_see(const Identity& who, const Ownership& what) noexcept;
/// The bits that opening takes. `consume`: what consumers of the queue may do.
[[nodiscard]] std::uint32_t rights_needed(wire::OpenAs as,
                                          Consume consume = Consume::read) noexcept;
/// "r-x".
[[nodiscard]] std::string to_text(std::uint32_t rights);

}  // namespace tenure::core
