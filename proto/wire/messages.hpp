// SPDX-License-Identifier: Apache-2.0
/// Every control message as a struct. codec.hpp turns them into JSON packets and back.
///
/// A file descriptor never stands in a message: it travels beside the packet, and the message says
/// which one it means by position.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tenure/client.hpp>

#include "proto/wire/buffer_messages.hpp"
#include "proto/wire/grant.hpp"
#include "proto/wire/limits.hpp"
#include "proto/wire/queue_messages.hpp"

namespace tenure::wire {

// ---- requests: client to broker

/// First packet of a session.
struct Hello {
  std::uint32_t min_version = 1;
  std::uint32_t max_version = 1;
  std::string client;
};
/// Answered by Welcome: who the broker is and how it does.
struct Ping {};
/// A schema larger than kMaxInlineSchemaBytes travels as fd 0, a sealed memfd of its JSON text.
struct CreateTopic {
  std::string name;
  TopicOptions options = {};
  bool schema_in_fd = false;
};
/// lend: a buffer; produce, consume: a queue.
enum class OpenAs : std::uint8_t { publish, subscribe, observe, lend, produce, consume };
struct Open {
  std::string name;
  OpenAs as = OpenAs::subscribe;
  /// How long to wait for the name (and, publish: for the place); 0: do not wait; nanoseconds::max:
  /// for ever.
  std::chrono::nanoseconds timeout{0};
  std::optional<std::uint32_t> lane = {};  ///< Of a queue. consume: none for the parked bundles.
};
/// Ends a role. Answered like any request; a client that does not care ignores the answer.
struct Close {
  std::uint64_t handle = 0;
};
struct Remove {
  std::string name;
};
/// Names matching `glob` that come after `after`, in order; a reply is one page.
struct List {
  std::string glob = "*";
  std::string after = {};
};
/// Readers and participants are paged by their handle: those after `after_handle`.
struct Inspect {
  std::string name;
  std::uint64_t after_handle = 0;
};
struct Stat {
  std::string name;
};
/// Ends the waiting request with that id, which is then answered `cancelled`.
struct Cancel {
  std::uint64_t id = 0;
};
/// A publisher asks who keeps it waiting: readers that hold a slot or, lossless, lag. Likewise a
/// producer: who has slots.
struct Holders {
  std::uint64_t handle = 0;
};

using RequestBody = std::variant<Hello,
                                 Ping,
                                 CreateTopic,
                                 CreateBuffer,
                                 CreateQueue,
                                 Open,
                                 Close,
                                 Remove,
                                 List,
                                 Inspect,
                                 Stat,
                                 Cancel,
                                 Holders,
                                 Lend,
                                 Release,
                                 Transfer,
                                 Claim,
                                 Attach,
                                 Detach,
                                 Acknowledge,
                                 WaitReturned,
                                 ListTokens,
                                 Revoke>;
struct Request {
  std::uint64_t id = 0;
  RequestBody body;
};

// ---- replies: broker to client

struct Welcome {
  std::uint32_t version = kProtocolVersion;
  std::uint32_t session = 0;
  std::uint32_t page_bytes = 0;
  std::string broker;  ///< Its release, "0.1.0".
  std::uint64_t budget_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t up_ns = 0;          ///< Since the broker started.
  std::uint64_t control_bytes = 0;  ///< Of all control packets, in and out, since it started.
};
struct Done {};
struct Created {
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t slot_bytes = 0;
  bool existed = false;  ///< It was there already, as asked for.
};

struct Opened {
  std::uint64_t handle = 0;
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;
  Kind kind = Kind::topic;
  std::uint32_t slots = 0;
  std::uint32_t subscribers = 0;
  std::uint64_t slot_stride_bytes = 0;
  std::uint32_t attribute_bytes = 0;
  Retention retention = Retention::overwrite;
  std::uint32_t lag_limit_ms = 0;  ///< 0: none.
  Stamp stamp = Stamp::none;
  std::uint32_t entry = 0;  ///< subscribe: the line in `bell`.
  std::vector<TensorSpec> schema;
  std::optional<std::uint32_t> schema_fd = {};  ///< The schema's JSON text is in this fd instead.
  std::vector<Grant> grants;
};
struct Listed {
  std::vector<SegmentInfo> segments;  ///< Without readers; schemas may be cut, see tensor_counts.
  std::vector<std::uint32_t> tensor_counts;  ///< How many tensors each really has.
  bool more = false;
  std::uint64_t total = 0;  ///< Segments of all names that this client may see.
  std::uint64_t used_bytes = 0;
  std::uint64_t budget_bytes = 0;
};
struct Inspected {
  SegmentInfo info;
  std::optional<std::uint32_t> schema_fd = {};
  bool more = false;  ///< More readers or participants follow after `last_handle`.
  std::uint64_t last_handle = 0;
};
struct Counted {
  SegmentStat stat;
};
struct HeldBy {
  std::vector<Reader> readers;                 ///< Of a topic.
  std::vector<Participant> participants = {};  ///< Of a queue: who has slots.
};

using ReplyBody = std::variant<Welcome,
                               Done,
                               Created,
                               Opened,
                               Listed,
                               Inspected,
                               Counted,
                               HeldBy,
                               OpenedBuffer,
                               Lent,
                               Sent,
                               Claimed,
                               Attached,
                               TokensListed,
                               OpenedQueue,
                               Error>;
struct Reply {
  std::uint64_t id = 0;
  ReplyBody body;
};

// ---- events: broker to client, unasked

using Message = std::variant<Reply, Event>;

}  // namespace tenure::wire
