// SPDX-License-Identifier: Apache-2.0
/// The packet that answers an open, with what it hands out.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <tenure/tensor.hpp>

#include "daemon/io/outgoing.hpp"
#include "daemon/shm/part.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {

/// A schema as text in an fd, where it may not fit a packet, or else as it is.
struct SchemaToSend {
  const shm::SharedFd& fd;
  const std::vector<TensorSpec>& tensors;
};

/// `body`, but for grants and schema, is what the packet says.
template <class Body>
[[nodiscard]] Outgoing pack_opened(std::uint64_t request,
                                   Body body,
                                   const std::vector<shm::Part>& parts,
                                   const SchemaToSend& schema) {
  Outgoing packet;
  for (const shm::Part& part : parts) {
    body.grants.push_back({.memory = part.memory,
                           .fd = static_cast<std::uint32_t>(packet.fds.size()),
                           .offset_bytes = 0,
                           .length_bytes = part.length_bytes,
                           .right = part.right});
    packet.fds.push_back(part.fd);
  }
  if (schema.fd != nullptr) {
    body.schema_fd = static_cast<std::uint32_t>(packet.fds.size());
    packet.fds.push_back(schema.fd);
  } else {
    body.schema = schema.tensors;
  }
  packet.bytes = wire::encode(wire::Reply{.id = request, .body = std::move(body)});
  return packet;
}

}  // namespace tenure::io
