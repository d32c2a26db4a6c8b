// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/rights.hpp"

#include <algorithm>

namespace tenure::core {

bool is_member(const Identity& who, std::uint32_t gid) noexcept {
  return who.gid == gid || std::ranges::find(who.groups, gid) != who.groups.end();
}

std::uint32_t rights_of(const Identity& who, const Ownership& what) noexcept {
  const unsigned shift = who.uid == what.uid ? 6 : is_member(who, what.gid) ? 3 : 0;
  return what.mode >> shift & 7U;
}

bool can_see(const Identity& who, const Ownership& what) noexcept {
  return who.uid == what.uid || rights_of(who, what) != 0;
}

std::uint32_t rights_needed(wire::OpenAs as, Consume consume) noexcept {
  switch (as) {
    case wire::OpenAs::publish:
    case wire::OpenAs::produce:
      return kWrite;
    case wire::OpenAs::subscribe:
      return kRead | kHold;
    case wire::OpenAs::consume:
      return kRead | kHold | (consume == Consume::read ? 0 : kWrite);
    case wire::OpenAs::lend:
      return 0;  // Lending asks, each time.
    case wire::OpenAs::observe:
      break;
  }
  return kRead;
}

std::string to_text(std::uint32_t rights) {
  std::string text = "---";
  text[0] = (rights & kRead) != 0 ? 'r' : '-';
  text[1] = (rights & kWrite) != 0 ? 'w' : '-';
  text[2] = (rights & kHold) != 0 ? 'x' : '-';
  return text;
}

}  // namespace tenure::core
