// SPDX-License-Identifier: Apache-2.0
/// Whole files in, whole files out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenure/result.hpp>

namespace tenure::cli {

/// Everything in the file ("-": standard input).
///
/// Errors: not_found, denied  as the system says;  no_memory  it does not fit;  bad_request  others
[[nodiscard]] Result<std::vector<std::byte>> read_file(const std::string& path);

/// Writes the parts, one after the other, to a file without a name in the same directory, which
/// then takes the place of the old one: whoever looks sees the old file or the whole new one, and
/// whoever ends this process leaves nothing behind. A file that is there keeps its mode; a link is
/// followed. What is no regular file (a pipe, /dev/...) is written as it is; "-" is standard
/// output.
///
/// Errors: not_found, denied  as the system says;  no_memory  no space left;  bad_request  others
[[nodiscard]] Result<void> write_file(const std::string& path,
                                      std::span<const std::span<const std::byte>> parts);

}  // namespace tenure::cli
