// SPDX-License-Identifier: Apache-2.0
/// Messages beside the bytes that they travel as.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/messages.hpp"

namespace tenure::wire {

/// (GCC 12 warns of an overflow that is none where text is added to a std::string.)
[[nodiscard]] inline std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
  }
  return text;
}

struct RequestGolden {
  const char* name;
  Request request;
  const char* packet;
};

struct MessageGolden {
  const char* name;
  Message message;
  std::string packet;
};

/// Those of buffers and tokens, and of queues; the others stand in the tests.
[[nodiscard]] std::vector<RequestGolden> buffer_requests();
[[nodiscard]] std::vector<MessageGolden> buffer_messages();
[[nodiscard]] std::vector<RequestGolden> queue_requests();
[[nodiscard]] std::vector<MessageGolden> queue_messages();

/// A queue that says no more than it must.
[[nodiscard]] CreateQueue small_queue();

}  // namespace tenure::wire
