// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include <tenure/buffer.hpp>
#include <tenure/topic.hpp>

namespace tenure::core {

/// What a create asks for.
struct Declaration {
  std::string name;
  std::variant<TopicOptions, BufferOptions> options;

  [[nodiscard]] Terms& terms() {
    return std::visit([](auto& of_kind) -> Terms& { return of_kind.terms; }, options);
  }
};

}  // namespace tenure::core
