// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tenure/result.hpp>

#include "proto/sync/queue_outcome.hpp"

namespace tenure::detail {

/// What a move on a queue that was not done, nor in vain, comes to.
[[nodiscard]] inline Error queue_error(const std::string& name, sync::Outcome outcome) {
  if (outcome == sync::Outcome::finished) {
    return {.code = Errc::finished, .detail = name + " has ended"};
  }
  return {.code = Errc::corrupt,
          .detail = name + ": a peer wrote what no honest one writes",
          .hint = "remove it, and find out who of those with the right x or w it was"};
}

}  // namespace tenure::detail
