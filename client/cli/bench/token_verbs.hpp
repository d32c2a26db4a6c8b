// SPDX-License-Identifier: Apache-2.0
/// What it takes to ask the broker for tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <tenure/result.hpp>

#include "client/cli/bench/cpus.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// Verbs on regions of one page. The limit is a bare echo, measured in turns with them.
struct TokenVerbs {
  Pair borrow;
  Pair freeze;
  Pair release;
  Pair attach;  ///< Its limit: an echo with a memfd that is mapped.
  Pair window;  ///< Borrows and releases, many in flight; the time of each. A limit alike.

  /// The same verbs with `tokens` held by others in the same buffer. The limit: with none, before
  /// and after that.
  Pair crowded_borrow;
  Pair crowded_freeze;
  Pair crowded_release;
  std::uint32_t tokens = 0;
  std::uint32_t uids = 0;  ///< Whose they are: 2, or 1 where this process cannot change users.
};

struct TokenVerbsOptions {
  std::string socket;
  CpuPair cpus;
  std::uint64_t rounds;
  std::function<bool()> goes_on;  // Asked between them.
};

/// Runs against the broker at `socket`, which is left on the cpus where it is; the bare echo runs
/// on the same. Errors: cancelled  `goes_on` said no; those of the client
[[nodiscard]] Result<TokenVerbs> measure_token_verbs(const TokenVerbsOptions& options);

}  // namespace tenure::cli::bench
