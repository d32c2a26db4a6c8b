// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "client/cli/bench/carrier.hpp"

namespace tenure::cli::bench {

/// A message_queue of Boost.Interprocess with room for `slots` items; its name is gone at once.
/// Errors: no_memory  as Boost says
[[nodiscard]] Result<std::unique_ptr<Carrier>> make_boost_carrier(std::size_t slots,
                                                                  std::size_t size_bytes);

}  // namespace tenure::cli::bench
