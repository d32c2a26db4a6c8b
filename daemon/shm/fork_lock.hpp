// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace tenure::shm {

/// Held while this process has a writable fd of new memory: a fork waits for it, so that no child
/// inherits one (a broker may be embedded in a program that forks). Threads: any.
[[nodiscard]] std::unique_lock<std::mutex> hold_off_fork();

}  // namespace tenure::shm
