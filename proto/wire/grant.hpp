// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tenure::wire {

enum class Memory : std::uint8_t { head, bell, data };
enum class Right : std::uint8_t { read, write };
/// Access to a range of the memory behind the fd at position `fd` of this packet.
struct Grant {
  Memory memory = Memory::head;
  std::uint32_t fd = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  Right right = Right::read;
};

}  // namespace tenure::wire
