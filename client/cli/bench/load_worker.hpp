// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "client/cli/bench/carrier.hpp"
#include "client/cli/bench/load_sheet.hpp"

namespace tenure::cli::bench {

/// Fills and pushes items until there are no more tickets. One in `stamp_every` says when it was
/// pushed. Errors: those of Carrier
[[nodiscard]] Result<void> push_items(Carrier& carrier,
                                      Tickets& tickets,
                                      std::uint32_t stamp_every);

/// Pops and reads items until there are no more tickets.
/// Errors: those of Carrier;  corrupt  an item is not as it was filled
[[nodiscard]] Result<void> pop_items(Carrier& carrier, Tickets& tickets, Seen& seen);

}  // namespace tenure::cli::bench
