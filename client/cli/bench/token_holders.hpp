// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/bench/board.hpp"

namespace tenure::cli::bench {

/// Two processes that hold a borrow on each of many pages, and do nothing: they fill the broker's
/// tables. Destroyed, they are killed, and the broker takes everything back. Threads: one.
class TokenHolders {
 public:
  struct Options {
    std::string socket;
    std::string buffer;
    std::uint64_t half_bytes;  // One holds pages from 0 on, the other from here on.
    std::uint32_t tokens;      // Of both.
    std::uint32_t uids;        // 2: the second process becomes another user, which takes root.
    int cpu;
    PeerProcess::GoesOn goes_on;
  };

  /// Returns when all are held. Errors: denied  this process is not root; those of Client
  [[nodiscard]] static Result<TokenHolders> start(const Options& options);

 private:
  explicit TokenHolders(std::vector<PeerProcess> processes);

  std::vector<PeerProcess> processes_;
};

}  // namespace tenure::cli::bench
