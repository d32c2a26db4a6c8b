// SPDX-License-Identifier: Apache-2.0
/// Error codes by name: the other direction of tenure::name_of().
#pragma once

#include <optional>
#include <string_view>

#include <tenure/result.hpp>

namespace tenure::wire {

/// The code called `name`; nothing if this release has none.
[[nodiscard]] std::optional<Errc> code_of(std::string_view name) noexcept;

}  // namespace tenure::wire
