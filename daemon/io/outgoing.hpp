// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/shm/memfd.hpp"

namespace tenure::io {

/// A packet to be sent. It keeps its fds open until then.
struct Outgoing {
  std::string bytes;
  std::vector<shm::SharedFd> fds = {};
};

}  // namespace tenure::io
