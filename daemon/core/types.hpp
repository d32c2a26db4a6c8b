// SPDX-License-Identifier: Apache-2.0
/// The nouns of the broker's state. Plain values: whoever needs time or an fd is elsewhere.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <tenure/client.hpp>

#include "proto/wire/messages.hpp"

namespace tenure::core {

/// Since the epoch of CLOCK_MONOTONIC; max(): never.
using Time = std::chrono::nanoseconds;

/// Who a session's process is, by the kernel (`pid` and `name`: for people only).
struct Identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups = {};
  std::int32_t pid = 0;
  std::string name = {};
};

/// What a broker gives away at most.
struct Limits {
  std::uint64_t budget_bytes = 0;
  std::uint32_t segments_per_uid = wire::kMaxSegmentsPerUid;
  std::uint32_t sessions_per_uid = wire::kMaxSessionsPerUid;
  std::size_t requests_in_flight = wire::kMaxRequestsInFlight;
  std::size_t handles_per_session = 4096;
  std::uint32_t tokens_per_uid = wire::kMaxTokensPerUid;
  std::uint64_t fds = 1024;  ///< File descriptors that sessions and segments may take.
  std::uint32_t page_bytes = 4096;
};

/// A request that is to be answered.
struct Asker {
  std::uint32_t session = 0;
  std::uint64_t request = 0;
  friend auto operator<=>(const Asker&, const Asker&) = default;
};

/// No request has a larger number.
inline constexpr std::uint64_t kLastRequest = std::numeric_limits<std::uint64_t>::max();

/// One life of a segment's memory.
struct MemoryId {
  std::uint64_t segment = 0;
  std::uint64_t incarnation = 0;
  friend auto operator<=>(const MemoryId&, const MemoryId&) = default;
};

/// An open role.
struct Handle {
  std::uint64_t id = 0;
  Asker asker = {};  ///< The session, and the request that opened it.
  MemoryId memory = {};
  wire::OpenAs as = wire::OpenAs::subscribe;
  std::uint32_t entry = 0;  ///< subscribe: the line in `bell`.
  std::uint16_t owner = 0;  ///< produce, consume: what stands in the words of its slots.
  std::optional<std::uint32_t> lane = {};  ///< As asked for; for people.
  Time timeout = Time::zero();  ///< As asked for; it ran, or would have run, to `deadline`.
  Time deadline = Time::max();
};

/// How a request that had to wait was decided.
struct Outcome {
  Asker asker;
  std::string name;
  std::variant<Handle, Error> result;
};

/// How a request for tokens that had to wait was decided: by tokens in the order of their regions
/// (none for a wait for their return), or an error.
struct TokenOutcome {
  Asker asker;
  std::variant<std::vector<std::uint64_t>, Error> result;
};

/// An event for one session.
struct Notice {
  std::uint32_t session = 0;
  Event event;
};

/// Memory that nobody has open, and no name leads to. Of a buffer also who could write it: what
/// they keep they pay for.
struct Released {
  MemoryId id;
  std::set<std::uint32_t> writers = {};  ///< Sessions.
  std::uint32_t writer_uid = 0;
};

/// What the memories, sockets and waiting requests must be told after a call, in this order.
struct Effects {
  /// Repair what they held, before anybody is granted anything: entries and owner indices of these
  /// are others' already.
  std::vector<Handle> ended = {};
  std::vector<Notice> notices = {};    ///< Tell.
  std::vector<Outcome> outcomes = {};  ///< Grant or refuse.
  /// The segment's name and the decision.
  struct Decided {
    std::string name;
    TokenOutcome outcome;
  };
  std::vector<Decided> token_outcomes = {};
  std::vector<Released> released = {};  ///< Give it back.
};

}  // namespace tenure::core
