// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/tokens/lending.hpp"
#include "daemon/core/tokens/page_set.hpp"
#include "daemon/core/tokens/range_tree.hpp"
#include "daemon/core/tokens/shared_grains.hpp"
#include "daemon/core/tokens/token.hpp"
#include "daemon/core/tokens/token_host.hpp"

namespace tenure::core {

/// Who may touch which pages of one buffer: tokens, and those who wait for one.
///
/// Tokens form a tree under the broker's share. What a token may do with a page: write it, if it is
/// a borrow and no child has the page; read it, if children have it frozen or it is a freeze; else
/// nothing. Over all tokens a page is written by one or read by any number. A refused call changes
/// nothing. Every call is O(log n) in the tokens of the buffer, for each region, for each waiter
/// that the change concerns and, when a holder dies, for each child.
///
/// Threads: one.
class TokenTable {
 public:
  struct Buffer {
    std::string name;
    GrainPlan plan;
    std::uint64_t page_bytes = 4096;
  };
  TokenTable(Buffer buffer, TokenHost& host);

  // ---- rights

  /// Nothing: it waits, and is decided by an outcome.
  ///
  /// Errors: bad_request   no or empty regions, borrows that overlap, pages that the issuer does
  /// not
  ///                       have, a borrow from a freeze, too long a layout
  ///         stale         no such issuer in this session
  ///         too_many      more than 16 issuers deep
  ///         held          the first conflict, by whom
  ///         poisoned      a freeze of pages whose writer died half-way
  ///         needs_grain   part of a grain that another uid has a part of
  ///         still_mapped  the issuer's own memory still has a writer
  ///         quota
  [[nodiscard]] Result<std::optional<std::vector<std::uint64_t>>> lend(Lending wish);
  /// Errors: stale, attached, has_children; still_mapped  it is kept
  [[nodiscard]] Result<void> release(std::uint64_t token, std::uint32_t session);
  /// Turns the token into a ticket. Errors: as release()
  [[nodiscard]] Result<void> transfer(std::uint64_t token, std::uint32_t session, Ticket ticket);
  /// A new token in the place of the one that was sent. Returns its number.
  ///
  /// Errors: stale        no such ticket: claimed, expired, mistyped
  ///         denied       it is for another uid or session
  ///         bad_request  it is of the other mode
  ///         needs_grain, quota  the ticket stays good
  struct Claim {
    std::uint64_t token;
    std::string_view ticket;
    Holder holder;
    std::optional<TokenMode> mode = {};
  };
  [[nodiscard]] Result<std::uint64_t> claim(const Claim& claim);
  /// What is poisoned in the token's pages is so no longer. Errors: stale; bad_request  a freeze
  [[nodiscard]] Result<void> acknowledge(std::uint64_t token, std::uint32_t session);
  /// Takes a token away, whoever has it, as if its holder had died. Errors: stale
  [[nodiscard]] Result<void> revoke(std::uint64_t token);

  // ---- memory

  /// Errors: stale, attached; poisoned  it is a borrow, and not acknowledged yet
  [[nodiscard]] Result<void> check_attach(std::uint64_t token, std::uint32_t session) const;
  /// Errors: as check_attach()
  [[nodiscard]] Result<void> attach(std::uint64_t token, std::uint32_t session);
  /// Errors: stale, not_attached
  [[nodiscard]] Result<void> detach(std::uint64_t token, std::uint32_t session);
  /// What the token may do with its pages from `from` on: at most `at_most` runs of pages with one
  /// right, in order; pages that a child has borrowed are left out.
  struct Access {
    PageRange pages;
    bool is_writable;
  };
  [[nodiscard]] std::vector<Access> accesses(const Token& token,
                                             std::uint64_t from,
                                             std::size_t at_most) const;

  // ---- waiting

  /// Until `token`, or all that the broker lends, has no children. True: it has none now.
  /// Errors: stale; held  it does not wait
  [[nodiscard]] Result<bool> wait_returned(Asker asker, std::uint64_t token, Time deadline);
  /// Decided as `cancelled`; false: nothing waits under that number.
  [[nodiscard]] bool cancel(Asker asker);
  /// Nobody is there to be told.
  void stop_waiting(std::uint32_t session);
  [[nodiscard]] std::optional<Time> next_deadline() const;
  /// Decides what has waited long enough, and sends back tickets that nobody claimed.
  void expire(Time now);

  /// The holder is dead: what it froze is released, what it borrowed comes back poisoned (if it was
  /// ever attached), its tickets live on.
  void end_session(std::uint32_t session);

  /// Whether somebody waits for pages that the session has, or for their return.
  [[nodiscard]] bool is_wanted(std::uint32_t session) const;
  /// Its holder does not answer: what is wanted of its tokens is taken away, as from the dead.
  void take_wanted(std::uint32_t session);

  // ---- queries

  /// Errors: stale  no such token in this session, or it was sent away
  [[nodiscard]] Result<const Token*> find(std::uint64_t token, std::uint32_t session) const;
  [[nodiscard]] const Token* find_any(std::uint64_t token) const;
  [[nodiscard]] bool is_poisoned(const Token& token) const { return !check_poison(token.pages); }
  /// Errors: poisoned  the first pages that are
  [[nodiscard]] Result<void> check_poison(const PageRange& pages) const;
  [[nodiscard]] std::size_t token_count() const noexcept { return nodes_.size() - 1; }
  /// Since the buffer was created.
  [[nodiscard]] const TokenCounts& counts() const noexcept { return counts_; }
  /// Runs of pages that a writer left half-written, from page `from` on, `at_most` of them.
  [[nodiscard]] std::vector<PageRange> poisoned(std::uint64_t from, std::size_t at_most) const {
    return poisoned_.list(from, at_most);
  }
  /// In the order of their numbers, those after `after`, at most `at_most`.
  [[nodiscard]] std::vector<const Token*> list(std::uint64_t after, std::size_t at_most) const;
  /// Who waits: in the order of their turns, those after `after`, at most `at_most`.
  [[nodiscard]] std::vector<const Waiting*> waiting(std::uint64_t after, std::size_t at_most) const;
  /// What it waits for, in words.
  [[nodiscard]] std::string obstacle(const Waiting& waiting) const;

  [[nodiscard]] std::vector<TokenOutcome> take_outcomes() { return std::exchange(outcomes_, {}); }
  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }

 private:
  struct Node {
    Token token;
    std::map<std::uint64_t, std::uint64_t> borrows = {};  // Children by begin: they are disjoint.
    RangeTree freezes = {};                               // Children.
    RangeTree waiting_borrows = {};                       // Regions of the wishes, by their turn.
    RangeTree waiting_freezes = {};
    std::set<std::uint64_t> for_return = {};  // Turns of those who wait for the children's end.

    [[nodiscard]] bool has_children() const noexcept {
      return !borrows.empty() || !freezes.is_empty();
    }
    [[nodiscard]] RangeTree& queue(TokenMode mode) noexcept {
      return mode == TokenMode::borrow ? waiting_borrows : waiting_freezes;
    }
  };
  // Pages that an issuer has again, or that somebody waited for in vain.
  struct Change {
    std::uint64_t issuer;
    PageRange pages;
  };
  struct Obstacle {
    Error error;
    bool may_pass;  // It is worth waiting for.
  };

  // token_table.cpp
  [[nodiscard]] Result<std::optional<std::vector<std::uint64_t>>> lend_or_wait(Lending wish);
  [[nodiscard]] Result<void> check(const Lending& wish) const;
  [[nodiscard]] Result<void> check_regions(const Lending& wish, const Token& issuer) const;
  [[nodiscard]] std::optional<Obstacle> find_obstacle(const Node& issuer,
                                                      const Lending& wish,
                                                      std::uint64_t turn) const;
  [[nodiscard]] std::optional<Error> find_rival(const Node& issuer,
                                                TokenMode mode,
                                                const PageRange& region,
                                                std::uint64_t turn) const;
  [[nodiscard]] const Token* first_conflict(const Node& issuer,
                                            const PageRange& region,
                                            TokenMode mode) const;
  [[nodiscard]] bool needs_grain(const Token& wanted) const;
  [[nodiscard]] Result<std::vector<std::uint64_t>> grant(const Lending& wish);
  std::uint64_t add(Token token);
  void link(const Token& token);
  void unlink(const Token& token);
  // token_endings.cpp
  [[nodiscard]] Result<Node*> find_idle(std::uint64_t token, std::uint32_t session);
  [[nodiscard]] Result<void> end_right(const Token& token);
  [[nodiscard]] Result<std::uint64_t> move_to(std::uint64_t token, const Holder& holder);
  void leave_behind(std::uint64_t token);
  [[nodiscard]] bool is_wanted(const Token& token) const;
  void bury(std::uint64_t token);
  [[nodiscard]] bool abandon_own_pages(const Node& node);
  [[nodiscard]] bool must_outlive(const Node& node) const;
  void remove(std::uint64_t token);
  void give_back(std::uint64_t token);
  void forget(std::uint64_t token);
  // token_waiting.cpp
  void enqueue(Waiting waiting);
  Waiting dequeue(std::uint64_t turn);
  void settle();
  void settle_turn(const Node& issuer, std::uint64_t turn);
  void note_change(const Lending& wish);
  [[nodiscard]] static std::vector<std::uint64_t> turns_at(const Node& issuer,
                                                           const PageRange& pages);
  void settle_returns(Node& node);
  void refuse(const Waiting& waiting, Error error);
  void refuse_waiting(Node& node, const Error& error);
  void leave_queues(std::uint32_t session);
  void return_ticket(std::uint64_t token);
  [[nodiscard]] Error timed_out(std::uint64_t turn) const;
  // token_queries.cpp
  [[nodiscard]] std::vector<Access> own_accesses(const Node& node,
                                                 std::uint64_t from,
                                                 std::size_t at_most) const;
  [[nodiscard]] static std::uint64_t end_of_frozen(const Node& node, std::uint64_t page);
  [[nodiscard]] static std::vector<std::uint64_t> children(const Node& node);
  [[nodiscard]] const Token& deepest(const Token& token, std::uint64_t page) const;
  [[nodiscard]] std::string text_of(const PageRange& pages) const;
  [[nodiscard]] Error held_by(const Token& child, const PageRange& region) const;
  [[nodiscard]] Error waited_for(const Waiting& earlier, const PageRange& region) const;
  [[nodiscard]] Error children_out(const Node& node) const;
  [[nodiscard]] Error still_mapped(const PageRange& pages) const;
  [[nodiscard]] Error root_attached(const Token& root) const;
  [[nodiscard]] Error grain_error(const PageRange& pages) const;
  [[nodiscard]] Error poisoned_error(const PageRange& pages) const;

  Buffer buffer_;
  TokenHost& host_;
  std::map<std::uint64_t, Node> nodes_;  // The broker's share among them.
  std::map<std::uint32_t, std::set<std::uint64_t>> by_session_;
  SharedGrains shared_;
  PageSet poisoned_;
  TokenCounts counts_;

  std::uint64_t last_turn_ = 0;
  std::map<std::uint64_t, Waiting> waiting_;  // By turn.
  std::map<Asker, std::uint64_t> turns_;
  std::set<std::pair<Time, std::uint64_t>> deadlines_;  // Of turns.
  std::set<std::pair<Time, std::uint64_t>> expiries_;   // Of tokens in tickets.
  std::vector<Change> changed_;                         // By the call under way.
  std::vector<TokenOutcome> outcomes_;
  std::vector<Notice> notices_;
};

}  // namespace tenure::core
