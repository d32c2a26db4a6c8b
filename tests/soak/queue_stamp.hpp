// SPDX-License-Identifier: Apache-2.0
/// Bundles of a queue that prove themselves: all follows from their ItemId.
#pragma once

#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/soak/queue_ledger.hpp"

namespace tenure::soak {

[[nodiscard]] QueueOptions queue_options(const QueueSpec& spec);

/// Fills a draft in place. Errors: those of the draft
[[nodiscard]] Result<void> fill(Draft& draft, const QueueSpec& spec, const ItemId& id);
/// Pushes a copy; `words` is memory to build it in.
[[nodiscard]] Result<void> push_copy(Producer& producer,
                                     const QueueSpec& spec,
                                     const ItemId& id,
                                     Timeout timeout,
                                     std::vector<std::uint64_t>& words);
/// What a stage does before it passes a bundle on: writes the tensor that it does not read.
[[nodiscard]] Result<void> change(Item& item, const ItemId& id);

[[nodiscard]] inline ItemId id_of(const Bundle& bundle) noexcept {
  return ItemId::unpack(bundle.note().tag);
}
/// What is wrong with a bundle; empty: nothing. `may_be_half_changed`: a stage died with it.
[[nodiscard]] std::string find_fault(const Bundle& bundle,
                                     const QueueSpec& spec,
                                     bool may_be_half_changed);

}  // namespace tenure::soak
