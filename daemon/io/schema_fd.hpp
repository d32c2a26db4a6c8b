// SPDX-License-Identifier: Apache-2.0
/// Schemas that are too large for a packet travel as the text of a sealed memfd.
#pragma once

#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "daemon/shm/memfd.hpp"

namespace tenure::io {

/// With offsets, which a topic's has not. Errors: bad_request  not a memfd that is sealed against
/// every change, too large, or no schema
[[nodiscard]] Result<std::vector<FixedTensor>> read_schema(int fd);

/// A read-only fd of the schema's text, for all who ask. A client that moves the file position
/// moves it for everybody: whoever reads it does so by offset. Errors: no_memory, too_many
[[nodiscard]] Result<shm::SharedFd> write_schema(const std::string& text);

}  // namespace tenure::io
