// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <tenure/bundle.hpp>

#include "client/lib/bundle_schema.hpp"

namespace tenure::detail {

/// Where a bundle's bytes are, and how an exported tensor keeps them there. `generation`: whose
/// maps they are in, 0 for memory of one's own.
struct BundlePlace {
  const BundleSchema* schema = nullptr;
  const std::byte* slot = nullptr;
  std::uint64_t limit_bytes = 0;  // Bytes of `slot` that may be read.
  std::uint32_t generation = 0;
  std::shared_ptr<const void> (*keep)(const Bundle& bundle) = nullptr;
};

/// Points bundles at their bytes, and keeps these.
struct BundleAccess {
  static void point(Bundle& bundle, const BundlePlace& place) noexcept {
    bundle.schema_ = place.schema;
    bundle.slot_ = place.slot;
    bundle.limit_bytes_ = place.limit_bytes;
    bundle.generation_ = place.generation;
    bundle.keep_ = place.keep;
  }
  static void swap(Bundle& one, Bundle& other) noexcept {
    std::swap(one.schema_, other.schema_);
    std::swap(one.slot_, other.slot_);
    std::swap(one.limit_bytes_, other.limit_bytes_);
    std::swap(one.generation_, other.generation_);
    std::swap(one.keep_, other.keep_);
  }
  static void clear(Bundle& bundle) noexcept { point(bundle, {}); }

  /// Until what it returns is gone, the bytes of this bundle stay as they are: any thread may let
  /// it go. The bundle is not empty, and its bytes are not a forked parent's.
  [[nodiscard]] static std::shared_ptr<const void> keep_bytes(const Bundle& bundle) {
    return bundle.keep_(bundle);
  }
  [[nodiscard]] static bool is_own_memory(const Bundle& bundle) noexcept {
    return bundle.generation_ == 0;
  }
};

}  // namespace tenure::detail
