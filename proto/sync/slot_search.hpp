// SPDX-License-Identifier: Apache-2.0
/// Which bundle a reader is to take next, from the slot words.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "proto/layout/slot_word.hpp"
#include "proto/sync/slot_holds.hpp"

namespace tenure::sync {

/// What one attempt came to.
enum class Attempt : std::uint8_t { done, nothing_new, changed, poisoned, dropped };

/// A bundle that was found: held by view attempts, copied by TopicReader::snapshot().
struct Found {
  Attempt attempt = Attempt::changed;
  std::uint64_t version = 0;
  std::size_t slot = 0;
  std::uint64_t missed = 0;
};

/// Versions above `after`, up to `up_to`.
struct VersionRange {
  std::uint64_t after;
  std::uint64_t up_to;
};

/// The smallest ready version in the range; found.version 0 if there is none.
template <class A = StdAtomics>
[[nodiscard]] Found smallest_ready(const typename A::Head& head,
                                   std::size_t slots,
                                   VersionRange range) noexcept {
  Found found{};
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const layout::SlotWord word = load_word<A>(head, slot);
    if (word.phase == layout::Phase::ready && word.version > range.after &&
        word.version <= range.up_to && (found.version == 0 || word.version < found.version)) {
      found = {.attempt = Attempt::done, .version = word.version, .slot = slot};
    }
  }
  return found;
}

/// The first of the unbroken run of ready versions that ends at `newest`: a held bundle may outlast
/// its successors.
template <class A = StdAtomics>
[[nodiscard]] std::uint64_t start_of_run(const typename A::Head& head,
                                         std::size_t slots,
                                         std::uint64_t newest) noexcept {
  std::uint64_t kept = 0;  // Bit i: version newest - i.
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const layout::SlotWord word = load_word<A>(head, slot);
    if (word.phase == layout::Phase::ready && newest - word.version < layout::kMaxSlots) {
      kept |= std::uint64_t{1} << (newest - word.version);
    }
  }
  const auto run = static_cast<std::uint64_t>(std::countr_one(kept));
  return run == 0 ? newest : newest - (run - 1);
}

}  // namespace tenure::sync
