// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <tenure/result.hpp>

namespace tenure::layout {

/// What is wrong with the name of a schema's tensor number `index`, or nothing: 1 to 255 bytes of
/// UTF-8 without a NUL.
[[nodiscard]] std::optional<Error> check_tensor_name(std::string_view name, std::size_t index);

}  // namespace tenure::layout
