// SPDX-License-Identifier: Apache-2.0
/// How wide text is on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tenure::cli {

/// Cells that UTF-8 text takes: none for an accent that joins the letter before it, two for an
/// ideograph. What is not UTF-8 takes one per byte.
[[nodiscard]] std::size_t width_of(std::string_view text) noexcept;

/// `text` where it fits into `width` cells, else its beginning and "…"; nothing in no cells.
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t width);

}  // namespace tenure::cli
