// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <tenure/result.hpp>

#include "client/lib/bundle_schema.hpp"

namespace tenure::detail {

/// Memory of one's own in the form of a slot. Threads: one at a time; exports end on any.
struct SnapshotBuffer {
  std::shared_ptr<const BundleSchema> schema;

  /// Makes `buffer` ready to hold a slot of that schema: the memory it has, if that is large enough
  /// and no exported tensor needs it. Errors: no_memory
  [[nodiscard]] static Result<void> prepare(std::shared_ptr<SnapshotBuffer>& buffer,
                                            const std::shared_ptr<const BundleSchema>& schema);

  [[nodiscard]] const std::byte* slot() const noexcept { return bytes_.get(); }

  /// Copies what a bundle uses of `slot`: the record, descriptors, attributes and tensors. The slot
  /// may change under it, so the copy must be thrown away unless the slot word says that it has
  /// not; until then nothing that was copied is believed beyond the bounds of the slot.
  void copy_racing(const std::byte* slot) noexcept;

  /// Keeps `buffer` from being taken over until what it returns is gone.
  [[nodiscard]] static std::shared_ptr<const void> keep(std::shared_ptr<SnapshotBuffer> buffer);

 private:
  class Export;
  struct Free {
    void operator()(std::byte* bytes) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  std::size_t size_bytes_ = 0;
  std::atomic<std::uint32_t> exports_{0};
};

}  // namespace tenure::detail
