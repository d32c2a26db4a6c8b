// SPDX-License-Identifier: Apache-2.0
/// Segment names, and patterns that match them.
#pragma once

#include <optional>
#include <string_view>

#include <tenure/result.hpp>

namespace tenure::wire {

/// Why `name` cannot be a segment's name: parts of [A-Za-z0-9._-]+, not "." or "..", joined by "/",
/// 1 to 200 bytes. Nothing if it can. The error is a bad_request that names the field.
[[nodiscard]] std::optional<Error> check_name(std::string_view name);

/// Whether `pattern` matches all of `name`: `*` any run ("/" included), `?` one character.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace tenure::wire
