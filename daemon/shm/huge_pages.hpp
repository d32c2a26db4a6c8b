// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proto/os/mapping.hpp"

namespace tenure::shm {

/// Makes 2 MiB pages of a mapping's whole 2 MiB steps where the kernel can: about 1 s per GiB, paid
/// once. What cannot be had stays small.
void collapse(const os::Mapping& mapping) noexcept;

}  // namespace tenure::shm
