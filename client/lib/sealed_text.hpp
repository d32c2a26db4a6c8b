// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::detail {

/// Text that is too long for a packet, in a memfd that nobody can change any more.
/// Errors: no_memory, too_many
[[nodiscard]] Result<os::UniqueFd> seal_text(std::string_view text);

/// Reads such a memfd. Errors: corrupt  larger than `at_most_bytes`, or it cannot be read
[[nodiscard]] Result<std::string> read_text(int fd, std::size_t at_most_bytes);

}  // namespace tenure::detail
