// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace tenure::cli {

/// The tool: runs what `arguments` (without the program's name) say and returns the exit status.
/// Nothing is thrown; what was refused stands on standard error.
int run(std::span<const std::string> arguments) noexcept;

}  // namespace tenure::cli
