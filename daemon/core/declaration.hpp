// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include <tenure/client.hpp>

namespace tenure::core {

/// What a create asks for.
struct Declaration {
  std::string name;
  std::variant<TopicOptions, QueueOptions, BufferOptions> options;  ///< In the order of Kind.

  [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(options.index()); }
  [[nodiscard]] Terms& terms() {
    return std::visit([](auto& of_kind) -> Terms& { return of_kind.terms; }, options);
  }
};

}  // namespace tenure::core
