// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/core/tokens/token.hpp"

namespace tenure::core {

inline constexpr std::uint32_t kMaxTokenDepth = 16;

/// As a deadline: refuse at once.
inline constexpr Time kDoNotWait = Time::min();

/// A wish to borrow or freeze.
struct Lending {
  Asker asker = {};
  std::uint32_t uid = 0;                 ///< The asker's.
  std::uint64_t issuer = kBrokersShare;  ///< A token of the asker's session, or the broker's share.
  TokenMode mode = TokenMode::borrow;
  std::vector<PageRange> regions = {};  ///< All or none.
  std::string layout = {};
  Time deadline = kDoNotWait;
  /// It came by the buffer's handle, and is lent from the session's root: whoever has that attached
  /// has not dropped any pages for it.
  bool is_from_root = false;
};

/// A wish that has to wait, or a wait for the return of what was lent.
struct Waiting {
  Lending wish = {};
  Time since = {};
  bool for_return = false;
  std::uint64_t turn = 0;  ///< Later ones come later.
};

}  // namespace tenure::core
