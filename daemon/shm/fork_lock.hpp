// SPDX-License-Identifier: Apache-2.0
/// A broker may be embedded in a program that forks, and a child that inherits a writable fd counts
/// as a writer for as long as it lives.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::shm {

/// Held while this process has a writable fd of new memory, which may take long: a fork waits for
/// it. Threads: any.
[[nodiscard]] std::unique_lock<std::mutex> hold_off_fork();

/// Opens a writable fd by `open`, which must be quick. It may stay open until a client has read its
/// answer: so a forked child closes it before it runs anything else. Threads: any.
[[nodiscard]] Result<std::shared_ptr<const os::UniqueFd>> open_not_in_children(
    const std::function<Result<os::UniqueFd>()>& open);

}  // namespace tenure::shm
