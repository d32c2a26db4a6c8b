// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <tenure/bundle.hpp>

#include "client/lib/bundle_schema.hpp"

namespace tenure::detail {

/// Where a bundle's bytes are. `generation`: whose maps they are in, 0 for memory of one's own.
struct BundlePlace {
  const BundleSchema* schema = nullptr;
  const std::byte* slot = nullptr;
  std::uint64_t limit_bytes = 0;  // Bytes of `slot` that may be read.
  std::uint32_t generation = 0;
};

/// Points bundles at their bytes.
struct BundleAccess {
  static void point(Bundle& bundle, const BundlePlace& place) noexcept {
    bundle.schema_ = place.schema;
    bundle.slot_ = place.slot;
    bundle.limit_bytes_ = place.limit_bytes;
    bundle.generation_ = place.generation;
  }
  static void swap(Bundle& one, Bundle& other) noexcept {
    std::swap(one.schema_, other.schema_);
    std::swap(one.slot_, other.slot_);
    std::swap(one.limit_bytes_, other.limit_bytes_);
    std::swap(one.generation_, other.generation_);
  }
  static void clear(Bundle& bundle) noexcept { point(bundle, {}); }
};

}  // namespace tenure::detail
