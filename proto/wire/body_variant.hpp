// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <variant>

namespace tenure::wire {

/// Makes `body` hold a fresh alternative number `index`, which is below the number of them.
template <class... Bodies>
void emplace_alternative(std::variant<Bodies...>& body, std::size_t index) {
  const auto try_each = [&]<std::size_t... Index>(std::index_sequence<Index...> /*all*/) {
    ((Index == index ? static_cast<void>(body.template emplace<Index>()) : void()), ...);
  };
  try_each(std::index_sequence_for<Bodies...>{});
}

}  // namespace tenure::wire
