// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace tenure::detail {

/// Mapped memory: whole pages.
struct HostRange {
  std::byte* data = nullptr;
  std::size_t size_bytes = 0;
  bool is_read_only = false;
};

}  // namespace tenure::detail
