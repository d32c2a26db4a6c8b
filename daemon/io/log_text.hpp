// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace tenure::io {

/// Text that a client has a hand in, as one field of a log line: in quotes, `"` and `\` escaped by
/// a backslash, control characters as \xNN. Nothing in it can pass for another field or line.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace tenure::io
