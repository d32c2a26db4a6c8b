// SPDX-License-Identifier: Apache-2.0
/// What a broker says of segments: for people and for programs that watch over others.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>
#include <tenure/queue.hpp>
#include <tenure/token_info.hpp>
#include <tenure/topic.hpp>

namespace tenure {

/// The kind of a segment.
enum class Kind : std::uint8_t { topic, queue, buffer };

/// One reader of a topic, as `inspect` shows it.
struct Reader {
  Peer peer = {};
  Access access = Access::subscribe;
  std::vector<std::uint64_t> held = {};  ///< Versions it holds now.
  std::uint64_t seen = 0;                ///< The last version it has seen, as it says.
  std::uint64_t missed = 0;              ///< As it says.
};

/// One lane of a queue. Sums are since the queue was created.
struct Lane {
  std::size_t depth = 0;          ///< Bundles that wait for a consumer.
  std::size_t again = 0;          ///< Redeliveries among them.
  std::size_t taken = 0;          ///< In the hands of consumers.
  std::uint64_t queued = 0;       ///< Pushed, or passed on to it.
  std::uint64_t redelivered = 0;  ///< Given back to it, by nack or by a consumer's death.
  std::uint64_t popped = 0;       ///< Popped or dropped from it, redeliveries included.
  std::optional<std::chrono::milliseconds> age = {};  ///< Of the oldest that waits.
  std::size_t sleepers = 0;                           ///< Consumers that sleep,
  std::size_t pollers = 0;                            ///< and that poll.
};

/// One who takes part in a queue, as `inspect` shows it.
struct Participant {
  Peer peer = {};
  bool produces = false;                 ///< Or else it consumes.
  std::optional<std::size_t> lane = {};  ///< None: the parked bundles.
  std::size_t filling = 0;               ///< Drafts that it has.
  std::size_t taken = 0;                 ///< Items that it has.
};

/// What a segment is and who takes part in it.
struct SegmentInfo {
  std::string name = {};
  Kind kind = Kind::topic;
  std::uint64_t id = 0;
  std::uint64_t incarnation = 0;  ///< Goes up when the segment got fresh memory.
  std::uint64_t size_bytes = 0;   ///< Reserved memory.
  std::size_t slots = 0;
  std::uint32_t uid = 0;  ///< The owner.
  Terms terms = {};
  std::vector<TensorSpec> schema = {};
  std::optional<Peer> publisher = {};
  Retention retention = Retention::overwrite;
  std::size_t users = 0;                              ///< Open roles, the publisher included.
  std::uint64_t version = 0;                          ///< The newest, 0: nothing published yet.
  std::optional<std::chrono::milliseconds> age = {};  ///< Since the newest was published.
  std::size_t slots_held = 0;        ///< Of `slots`; by anybody. A queue: not free.
  std::vector<Reader> readers = {};  ///< inspect() only.
  // A buffer's:
  std::uint64_t grain_bytes = 0;
  Handover handover = Handover::share;
  std::size_t tokens = 0;                         ///< Held, attached or on their way.
  std::vector<std::uint64_t> offsets_bytes = {};  ///< Of `schema`, one each.
  // A queue's:
  Consume consume = Consume::read;
  WhenFull when_full = WhenFull::wait;
  std::size_t max_deliveries = 0;
  bool finished = false;  ///< Nothing is pushed any more.
  std::vector<Lane> lanes = {};
  std::size_t parked = 0;                      ///< Set aside now, poisoned ones included.
  std::size_t poisoned = 0;                    ///< Of them: half-changed.
  std::vector<Participant> participants = {};  ///< inspect() only.
};

/// Counters since the segment was created. Readers' figures are what they say of themselves.
struct SegmentStat {
  std::uint64_t published = 0;
  std::uint64_t views = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t missed = 0;
  std::uint64_t retries = 0;
  std::uint64_t torn = 0;
  std::uint64_t wakes = 0;
  // Of a queue, all lanes together:
  std::uint64_t queued = 0;       ///< Pushed, or passed on.
  std::uint64_t taken = 0;        ///< Popped or dropped, redeliveries included.
  std::uint64_t redelivered = 0;  ///< Given back to their lane.
  std::uint64_t parked = 0;       ///< Set aside, also repeatedly.
  std::uint64_t acked = 0;
  std::uint64_t dropped = 0;          ///< The oldest, to make room.
  std::uint64_t discarded = 0;        ///< Parked, and freed because too many were.
  std::uint64_t cancelled = 0;        ///< Drafts that were given up.
  std::uint64_t published_bytes = 0;  ///< Of a topic: a queue counts none.
  // Of a buffer; regions, but for `refused` (requests that others or a quota stood in the way of,
  // those that waited in vain included) and `moved` (grains that got fresh memory because the old
  // could still be written).
  std::uint64_t borrowed = 0;
  std::uint64_t frozen = 0;
  std::uint64_t claimed = 0;
  std::uint64_t refused = 0;
  std::uint64_t poisoned = 0;  ///< Borrows whose writer died half-way.
  std::uint64_t moved = 0;
};

}  // namespace tenure
