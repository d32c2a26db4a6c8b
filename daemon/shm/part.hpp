// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/shm/memfd.hpp"
#include "proto/wire/grant.hpp"

namespace tenure::shm {

/// One memfd of a segment as it is handed out.
struct Part {
  wire::Memory memory;
  wire::Right right;
  std::uint64_t length_bytes;
  SharedFd fd;
};

/// One that is wanted.
struct Wish {
  wire::Memory memory;
  wire::Right right;
  Memfd& memfd;
};

/// A read-write fd of its own for whoever writes, the shared one for whoever reads.
/// Errors: Memfd::open_read_write()'s
[[nodiscard]] Result<std::vector<Part>> hand_out(const std::vector<Wish>& wishes);

}  // namespace tenure::shm
