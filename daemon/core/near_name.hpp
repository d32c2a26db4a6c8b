// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace tenure::core {

/// Letters to insert, drop or change to make `a` of `b`; more than `at_most` counts as
/// `at_most` + 1, and costs no more than a pass along the diagonal.
[[nodiscard]] std::size_t distance(std::string_view a, std::string_view b, std::size_t at_most);

}  // namespace tenure::core
