// SPDX-License-Identifier: Apache-2.0
/// Tokens as the tree in which they were lent.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenure/token_info.hpp>

namespace tenure::cli {

/// A token at its place. Refers to the report that it was made from.
struct TokenLeaf {
  const TokenInfo* token = nullptr;
  std::string branch = {};  ///< What is drawn before it: "│  └─ ".
  bool has_children = false;
};

/// Every issuer before what it has lent, siblings by where they begin. A token whose issuer is not
/// in the report (it ended while the report was read) stands at the root.
[[nodiscard]] std::vector<TokenLeaf> grow_tree(std::span<const TokenInfo> tokens);

/// "attached", "lent on", "ticket, 59 s left", "held, poisoned".
[[nodiscard]] std::string describe_state(const TokenLeaf& leaf);

/// "worker (5, pid 4731)": name, session, process.
[[nodiscard]] std::string describe_holder(const Peer& peer);

}  // namespace tenure::cli
