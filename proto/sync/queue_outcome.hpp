// SPDX-License-Identifier: Apache-2.0
/// What calls on a queue answer.
#pragma once

#include <cstdint>

#include "proto/layout/queue_word.hpp"

namespace tenure::sync {

/// How a call on a queue ended. `corrupt`: a peer has written what no honest one writes.
enum class Outcome : std::uint8_t { done, empty, finished, corrupt };

/// A slot whose word names the caller as its owner, and what it says.
struct Held {
  std::uint32_t slot = 0;
  layout::QueueWord word = {};
};

struct Taken {
  Outcome outcome = Outcome::empty;
  Held held = {};
};

struct Appended {
  Outcome outcome = Outcome::done;
  std::uint64_t position = 0;
};

}  // namespace tenure::sync
