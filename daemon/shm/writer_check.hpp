// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tenure::shm {

/// What the kernel says about writers of a file.
enum class Writers : std::uint8_t {
  none,
  some,
  unknown  ///< No leases here: to be taken for `some` wherever it matters.
};

/// Whether a file is open for writing anywhere: an fd, a mapping, one under way in a socket, one in
/// a forked child. `read_only_fd` is a description of the caller's own that was never sent. A
/// mapping that hangs on the description that made the memfd is not seen; pinned pages neither.
///
/// It takes a read lease for a moment. The calling thread blocks SIGIO from then on: a process that
/// opens the file meanwhile would otherwise kill this one by it. Threads: any of the broker's own.
[[nodiscard]] Writers check_writers(int read_only_fd) noexcept;

}  // namespace tenure::shm
