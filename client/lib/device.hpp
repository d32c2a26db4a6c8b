// SPDX-License-Identifier: Apache-2.0
/// The device side of pinning, as the build has it: cuda/device_cuda.cpp or device_none.cpp.
#pragma once

#include <tenure/result.hpp>

#include "client/lib/host_range.hpp"

namespace tenure::detail {

/// Makes `range` known to all devices as pinned memory. It does not nest.
///
/// Errors: no_memory    it cannot be pinned;  held  it is registered already
///         unsupported  no CUDA in this build, no driver, no device, or not for read-only memory
[[nodiscard]] Result<void> register_with_device(const HostRange& range);

/// Undoes it; `range` is still mapped.
void unregister_with_device(const HostRange& range) noexcept;

}  // namespace tenure::detail
