// SPDX-License-Identifier: Apache-2.0
/// What a buffer's options come to: checked, compared, turned into grains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tenure/buffer.hpp>

namespace tenure::core {

struct BufferShape {
  std::uint64_t size_bytes = 0;
  std::uint64_t grain_bytes = 0;
  /// Of the schema's text, at most, where it travels as a memfd; else 0.
  std::uint64_t schema_bytes = 0;

  [[nodiscard]] std::uint64_t grain_count() const noexcept {
    return (size_bytes + grain_bytes - 1) / grain_bytes;
  }
};

/// Errors: bad_request  the detail names the field and what is allowed
[[nodiscard]] Result<BufferShape> shape_buffer(const BufferOptions& options,
                                               std::uint32_t page_bytes);

/// "size_bytes: 4096 there, 8192 asked for"; nothing if they are equal. Both have their group set.
[[nodiscard]] std::optional<std::string> first_difference(const BufferOptions& there,
                                                          const BufferOptions& asked);

}  // namespace tenure::core
