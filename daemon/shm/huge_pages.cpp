// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/huge_pages.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "proto/layout/constants.hpp"
#include "proto/os/kernel.hpp"

namespace tenure::shm {

void collapse(const os::Mapping& mapping) noexcept {
  if (!os::is_unmasked(os::Feature::collapse)) {
    return;
  }
  constexpr std::size_t step = layout::kHugePageBytes;
  for (std::size_t offset = 0; offset + step <= mapping.size_bytes(); offset += step) {
    if (::madvise(mapping.data() + offset, step, os::kMadvCollapse) != 0 && errno == EINVAL) {
      return;  // Not this kernel, or not this memory.
    }
  }
}

}  // namespace tenure::shm
