// SPDX-License-Identifier: Apache-2.0
/// Users and groups by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tenure::cli {

/// The name in the password database, or the number.
[[nodiscard]] std::string user_name(std::uint32_t uid);
[[nodiscard]] std::string group_name(std::uint32_t gid);

/// A group by name or number; nothing where no such name is known.
[[nodiscard]] std::optional<std::uint32_t> find_group(const std::string& text);

}  // namespace tenure::cli
