// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/accounts.hpp"
#include "daemon/core/declaration.hpp"
#include "daemon/core/segment.hpp"
#include "daemon/core/types.hpp"
#include "daemon/core/wait_list.hpp"

namespace tenure::core {

/// How long a publisher that is disconnected but alive keeps its place from those who wait for it.
inline constexpr std::chrono::seconds kDisconnectedGrace{10};

/// All that the broker knows and decides: sessions, segments, roles, who waits, who is charged.
///
/// Every call that changes something may leave Effects, to be taken and carried out before the next
/// one. A refused call changes nothing. Threads: one.
class Registry : private TokenBooks {
 public:
  explicit Registry(const Limits& limits) : limits_(limits), accounts_(limits) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry() override = default;
  /// What time it is for the calls that follow.
  void set_now(Time now) noexcept { now_ = now; }

  // ---- sessions

  /// Errors: quota, too_many
  [[nodiscard]] Result<std::uint32_t> add_session(Identity identity);
  /// It hung up: nobody can be told how its waiting requests are decided.
  void stop_waiting(std::uint32_t session);
  /// It hung up but lives: what it holds stays its own.
  void set_disconnected(std::uint32_t session, Time now);
  /// It is dead, or has hung up holding nothing: everything of it goes.
  void remove_session(std::uint32_t session);
  /// Whether it has roles open or tokens.
  [[nodiscard]] bool has_holdings(std::uint32_t session) const;
  [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }
  [[nodiscard]] Peer peer(std::uint32_t session) const;

  // ---- segments

  /// What a create came to. Not existed: its memory is to be made, then complete() called; existed
  /// but not ready: complete() will name this asker, too.
  struct Declared {
    const Segment* segment;
    bool existed;
  };
  /// Errors: bad_request, denied (a group that is not the caller's), exists (the first difference),
  ///         quota, too_many
  [[nodiscard]] Result<Declared> declare(Asker asker, Declaration declaration);
  /// Its memory stands, or cannot be had. Returns whom to answer.
  [[nodiscard]] std::vector<Asker> complete(std::uint64_t segment, bool is_made);
  /// Takes the name. Errors: not_found, denied (owner only)
  [[nodiscard]] Result<void> remove(std::uint32_t session, const std::string& name);

  // ---- roles

  /// Nothing: it waits, and is decided by an Outcome.
  /// Errors: not_found, denied, has_publisher, too_many, unsupported (the kind), bad_request (lane)
  [[nodiscard]] Result<std::optional<Handle>> open(Asker asker,
                                                   const wire::Open& request,
                                                   Time now);
  /// Errors: stale  no such handle in this session
  [[nodiscard]] Result<void> close(std::uint32_t session, std::uint64_t handle);
  /// Ends a waiting request by `cancelled`. Errors: not_found  nothing waits under that id
  [[nodiscard]] Result<void> cancel(Asker asker);
  [[nodiscard]] std::optional<Time> next_deadline() const;
  /// Decides what has waited long enough.
  void expire(Time now);

  // ---- tokens

  /// Nothing: it waits, and is decided by a TokenOutcome.
  /// Errors: TokenTable::lend's;  denied  no right w (borrow) or r (freeze);  unsupported, stale
  [[nodiscard]] Result<std::optional<std::vector<std::uint64_t>>> lend(Asker asker,
                                                                       const wire::Lend& request);
  /// Errors: TokenTable's, of each of these
  [[nodiscard]] Result<void> release(std::uint32_t session, std::uint64_t token);
  [[nodiscard]] Result<void> acknowledge(std::uint32_t session, std::uint64_t token);
  [[nodiscard]] Result<void> revoke(std::uint64_t token);
  /// The ticket. `secret`: nobody can guess it. Errors: also bad_request
  [[nodiscard]] Result<std::string> transfer(std::uint32_t session,
                                             const wire::Transfer& request,
                                             const std::string& secret);
  /// The new token.
  [[nodiscard]] Result<std::uint64_t> claim(std::uint32_t session, const wire::Claim& request);
  /// True: everything is back. False: it waits.
  [[nodiscard]] Result<bool> wait_returned(Asker asker, const wire::WaitReturned& request);

  /// A token, and the buffer that it belongs to.
  struct Holding {
    Segment* segment;
    const Token* token;
  };
  /// Errors: stale
  [[nodiscard]] Result<Holding> holding(std::uint32_t session, std::uint64_t token);
  [[nodiscard]] Result<void> attach(std::uint32_t session, std::uint64_t token);
  [[nodiscard]] Result<void> detach(std::uint32_t session, std::uint64_t token);
  /// Wherever it is; null: there is none.
  [[nodiscard]] Holding find_token(std::uint64_t token);
  /// A grain is to move to fresh memory: an id to charge what is left behind to, first to who kept
  /// it, then to the owner. Errors: quota, too_many
  [[nodiscard]] Result<MemoryId> charge_grain(std::uint64_t segment, std::uint64_t grain);

  // ---- memory

  /// A publisher's place is taken but not yet granted, and its memory still has a writer: the place
  /// is free again, and who had it waits for it, before all others, until the fence is over.
  /// Returns the memory to be made. Errors: quota, too_many  it still has the place
  [[nodiscard]] Result<MemoryId> begin_fence(const Handle& publisher);
  /// The fresh memory is the segment's now: everybody on the old one is told.
  void finish_fence(std::uint64_t segment);
  /// There is none: whoever waits longest to publish is refused with `error`.
  void abandon_fence(std::uint64_t segment, const Error& error);
  /// Released memory is gone, or is kept alive by `uid`, who pays for it.
  void free_memory(MemoryId memory) { accounts_.return_memory(memory); }
  void keep_memory(MemoryId memory, std::uint32_t uid) { accounts_.move_memory(memory, uid); }

  // ---- queries

  /// The segment of that name. Errors: not_found, also where `session` may not see it; the hint may
  /// be a name that is spelled nearly so
  [[nodiscard]] Result<const Segment*> find(std::uint32_t session, const std::string& name) const;
  [[nodiscard]] const Segment* find_by_id(std::uint64_t segment) const;
  /// Errors: stale  no such handle in this session
  [[nodiscard]] Result<Handle> handle(std::uint32_t session, std::uint64_t handle) const;
  [[nodiscard]] const Handle* find_handle(std::uint64_t handle) const;
  /// What `session` may see and `glob` matches, after the name `after`, at most `at_most`.
  [[nodiscard]] std::vector<const Segment*> match(std::uint32_t session,
                                                  const wire::List& request,
                                                  std::size_t at_most) const;
  [[nodiscard]] std::uint64_t count_visible(std::uint32_t session) const;
  /// Without what only the memory knows.
  [[nodiscard]] SegmentInfo describe(const Segment& segment) const;
  [[nodiscard]] TokenInfo describe(const Buffer& buffer, const Token& token) const;
  /// The first 64 regions.
  [[nodiscard]] WaitingInfo describe(const Buffer& buffer, const Waiting& waiting) const;
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return accounts_.used_bytes(); }
  [[nodiscard]] std::uint64_t budget_bytes() const noexcept { return limits_.budget_bytes; }

  [[nodiscard]] Effects take_effects() { return std::exchange(effects_, {}); }

 private:
  struct Session {
    Identity identity;
    std::set<std::uint64_t> handles;
    std::set<std::uint64_t> created;              // Segments.
    std::map<std::uint64_t, std::size_t> tokens;  // How many, by segment.
    std::size_t creates_in_flight = 0;
  };

  // TokenBooks
  [[nodiscard]] Time now() const override { return now_; }
  std::uint64_t add_token(std::uint64_t segment, const Holder& holder) override;
  void remove_token(std::uint64_t id, const Holder& holder) override;
  Result<void> charge_tokens(std::uint32_t uid, std::size_t count) override;
  void return_tokens(std::uint32_t uid, std::size_t count) override;
  [[nodiscard]] std::string name_of(std::uint32_t session) const override;

  [[nodiscard]] Segment* find_named(const std::string& name);
  [[nodiscard]] Result<void> shape(Segment& segment, Declaration& declaration);
  [[nodiscard]] Result<Segment*> add_segment(Asker asker, Segment made);
  [[nodiscard]] Result<Declared> join(Asker asker,
                                      Segment& segment,
                                      const Declaration& declaration);

  // registry_tokens.cpp
  void lend_root(Segment& segment, Asker creator);
  template <class Verb>
  [[nodiscard]] Result<void> with_token(std::uint64_t token, Verb&& verb);
  [[nodiscard]] Result<Segment*> find_buffer(std::uint32_t session, std::uint64_t handle);
  [[nodiscard]] std::uint64_t issuer_for(const Segment& segment, std::uint32_t session) const;
  [[nodiscard]] Result<void> check_lending(const Segment& segment,
                                           std::uint32_t session,
                                           TokenMode mode) const;
  void finish_tokens(std::uint64_t segment);
  [[nodiscard]] std::optional<Time> next_token_deadline(const TokenTable& tokens) const;
  void set_token_deadline(std::uint64_t segment, std::optional<Time> deadline);
  void end_tokens(std::uint32_t session);
  void stop_waiting_for_tokens(std::uint32_t session);
  void expire_tokens(Time now);
  void take_from_absent(std::uint64_t segment);
  [[nodiscard]] Result<void> check_waiting(Asker asker, std::chrono::nanoseconds timeout) const;
  [[nodiscard]] Result<void> check_in_flight(std::uint32_t session) const;
  [[nodiscard]] Result<Handle> try_open(const Waiter& asking);
  [[nodiscard]] Result<Handle> add_handle(Segment& segment, const Waiter& asking);
  void remove_handle(const Handle& handle);
  [[nodiscard]] Error has_publisher(const Segment& segment) const;
  /// Without a hint, which takes a look at many names.
  [[nodiscard]] Result<const Segment*> look_up(std::uint32_t session,
                                               const std::string& name) const;
  [[nodiscard]] std::string nearest_name(std::uint32_t session, const std::string& name) const;
  void settle(const std::string& name);
  void decide(const Waiter& waiter, std::variant<Handle, Error> result);
  void end_handle(std::uint64_t handle);
  void schedule_eviction(const std::string& name);
  void evict(Time now);
  void leave(Segment& segment, std::uint32_t session);
  void drop_name(Segment& segment);
  void drop_if_unused(Segment& segment);
  void forget_if_empty(std::uint64_t segment);
  void end_fence(Segment& segment);
  void release_if_unused(MemoryId memory);
  void notify_users(const Segment& segment, Event::What what, const Handle* but = nullptr);

  Limits limits_;
  Time now_{};
  Accounts accounts_;
  Effects effects_;
  WaitList waiting_;
  std::uint32_t last_session_ = 0;
  std::uint64_t last_segment_ = 0;
  std::uint64_t last_handle_ = 0;
  std::map<std::uint32_t, Session> sessions_;
  // Publishers of disconnected sessions: when each may be evicted, and those that somebody waits
  // for (or did, when they were put here).
  std::map<std::uint64_t, Time> orphans_;
  std::set<std::pair<Time, std::uint64_t>> evictions_;
  std::map<std::uint64_t, Segment> segments_;
  std::map<std::string, std::uint64_t, std::less<>> names_;
  std::map<std::uint64_t, Handle> handles_;
  std::map<MemoryId, std::size_t> open_counts_;  // Handles and tokens.

  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::uint64_t> token_segments_;
  std::map<Asker, std::uint64_t> token_waits_;  // Segments.
  std::map<std::uint64_t, Time> token_deadlines_;
  std::set<std::pair<Time, std::uint64_t>> token_alarms_;  // The same, by time; segments.
  std::map<std::uint32_t, Time> absent_;  // Disconnected sessions: when tokens may be taken.
};

/// "camera (session 3, pid 4702)".
[[nodiscard]] std::string to_text(const Peer& peer);

}  // namespace tenure::core
