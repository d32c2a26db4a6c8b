// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/queue.hpp"

#include <limits>
#include <string>

namespace tenure::core {

Result<std::uint16_t> Queue::take_owner() {
  constexpr std::uint16_t most = std::numeric_limits<std::uint16_t>::max();
  if (!returned_.empty()) {
    return returned_.extract(returned_.begin()).value();
  }
  if (highest_ == most) {
    return Error{.code = Errc::too_many,
                 .count = most,
                 .detail = std::to_string(most) + " producers and consumers, as many as can be"};
  }
  return ++highest_;
}

}  // namespace tenure::core
