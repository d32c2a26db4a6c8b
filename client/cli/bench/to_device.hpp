// SPDX-License-Identifier: Apache-2.0
/// Copying to a CUDA device from a topic's pinned memory, beside memory of CUDA's own. As the build
/// has it: cuda/to_device_cuda.cpp or to_device_none.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <tenure/client.hpp>

#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

inline constexpr std::size_t kToDeviceBytes = std::size_t{16} << 20U;

/// Limit: cudaMemcpy from memory of cudaMallocHost; ours: from a view of topic `name`, which is
/// made for this, through a pinned subscriber. In turns, after one of each to warm up.
///
/// Errors: unsupported  built without CUDA, no device, or one that cannot pin a read-only mapping;
///         others as those of the client and of pin()
[[nodiscard]] Result<Pair> measure_to_device(Client& client,
                                             const std::string& name,
                                             std::uint64_t rounds);

}  // namespace tenure::cli::bench
