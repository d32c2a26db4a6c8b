// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include <tenure/result.hpp>

#include "client/lib/bundle_schema.hpp"

namespace tenure::detail {

/// Memory of one's own in the form of a slot. Threads: one at a time.
struct SnapshotBuffer {
  std::shared_ptr<const BundleSchema> schema;

  /// Takes over `reuse` if it is large enough. Errors: no_memory
  [[nodiscard]] static Result<std::unique_ptr<SnapshotBuffer>> make(
      const std::shared_ptr<const BundleSchema>& schema, std::unique_ptr<SnapshotBuffer> reuse);

  [[nodiscard]] const std::byte* slot() const noexcept { return bytes_.get(); }
  /// Bytes that a bundle's tensors may lie in.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

  /// Copies what a bundle uses of `slot`: the record, descriptors, attributes and tensors. The slot
  /// may change under it, so the copy must be thrown away unless the slot word says that it has
  /// not; until then nothing that was copied is believed beyond the bounds of the slot.
  void copy_racing(const std::byte* slot) noexcept;

 private:
  struct Free {
    void operator()(std::byte* bytes) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  std::size_t size_bytes_ = 0;
};

}  // namespace tenure::detail
