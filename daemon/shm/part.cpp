// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/part.hpp"

#include <utility>

namespace tenure::shm {

Result<std::vector<Part>> hand_out(const std::vector<Wish>& wishes) {
  std::vector<Part> parts;
  for (const Wish& wish : wishes) {
    auto fd = wish.right == wire::Right::write ? wish.memfd.open_read_write()
                                               : wish.memfd.share_read_only();
    if (!fd) {
      return fd.error();
    }
    parts.push_back({.memory = wish.memory,
                     .right = wish.right,
                     .length_bytes = wish.memfd.size_bytes(),
                     .fd = std::move(*fd)});
  }
  return parts;
}

}  // namespace tenure::shm
