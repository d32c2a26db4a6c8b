// SPDX-License-Identifier: Apache-2.0
/// Kernel constants and system calls that Debian 12's headers lack, and which of the newer
/// features are in use. Nothing here knows what Tenure does with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenure::os {

// Linux 6.3, include/uapi/linux/memfd.h
inline constexpr unsigned kMfdNoexecSeal = 0x0008U;
// Linux 6.1, include/uapi/asm-generic/mman-common.h
inline constexpr int kMadvCollapse = 25;
// Linux 6.5, include/uapi/asm-generic/socket.h
inline constexpr int kSoPasspidfd = 76;
inline constexpr int kSoPeerpidfd = 77;
// Linux 6.16, include/uapi/asm-generic/socket.h
inline constexpr int kSoPassrights = 83;

/// Features of newer kernels, each with a fallback.
enum class Feature : std::uint8_t {
  noexec_seal,  ///< MFD_NOEXEC_SEAL; else without it.
  collapse,     ///< MADV_COLLAPSE; else small pages.
  peer_pidfd,   ///< SO_PEERPIDFD; else pidfd_open and a check of the next packet's credentials.
  pass_rights,  ///< SO_PASSRIGHTS; else unexpected fds are closed on arrival.
  futex_waitv,  ///< else FUTEX_WAIT, in slices.
  lease,        ///< F_SETLEASE; else every writer check counts as failed.
  membarrier    ///< MEMBARRIER_CMD_PRIVATE_EXPEDITED; else a locked instruction more at each call.
};

/// Whether $TENURE_MASK (comma-separated names as above, or "all") leaves the feature in use. Read
/// once per process. Whether the kernel has it is for the caller to try.
[[nodiscard]] bool is_unmasked(Feature feature) noexcept;

/// The same for a given mask, for tests.
[[nodiscard]] bool is_masked_by(std::string_view mask, Feature feature) noexcept;

/// The first word of a mask that is neither "all" nor the name of a feature.
[[nodiscard]] std::optional<std::string_view> unknown_feature(std::string_view mask) noexcept;
/// "noexec_seal, collapse, ...", for people.
[[nodiscard]] std::string feature_names();

[[nodiscard]] std::uint32_t page_bytes() noexcept;

}  // namespace tenure::os
